import type { HostProcess } from '@outlast/core';
import { escapeCell } from './escape-terminal.js';
import { formatBytes } from './format-bytes.js';
import { formatHost } from './format-host.js';
import { type Column, formatTable } from './table.js';

/** The processes that were found on one host. */
export interface HostProcesses {
  readonly host: string;
  readonly processes: readonly HostProcess[];
}

const COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinks: true },
  { title: 'USER' },
  { title: 'PID', align: 'right' },
  { title: 'PPID', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'MEM', align: 'right' },
  { title: 'STARTED' },
  { title: 'APP' },
  { title: 'ARGV', shrinks: true },
];

/** Formats processes as `ps -ef` does, with the host before and the app they belong to; empty without any. */
export function formatProcesses(
  hosts: readonly HostProcesses[],
  layout: Parameters<typeof formatTable>[2],
): Promise<string> {
  const rows = hosts.flatMap(({ host, processes }) =>
    processes.map((process) => [
      formatHost(host),
      escapeCell(process.user ?? '?'),
      String(process.pid),
      String(process.ppid),
      `${process.cpuPercent.toFixed(1)}%`,
      formatBytes(process.rssBytes),
      process.startedAt ?? '-',
      escapeCell(process.app ?? '-'),
      escapeCell(process.argv.join(' ')),
    ]),
  );
  return rows.length === 0 ? Promise.resolve('') : formatTable(COLUMNS, rows, layout);
}
