import type { HostProcess } from '@outlast/core';
import { escapeCell } from './escape-terminal.js';
import { formatHost } from './format-host.js';
import { type Column, formatTable, type TableLayout } from './table.js';

/** The processes that were found on one host. */
export interface HostProcesses {
  readonly host: string;
  readonly processes: readonly HostProcess[];
}

/** How processes are shown. */
export interface ProcessLayout extends TableLayout {
  /** Now, in milliseconds: of what began today the hour is told, of the rest the day. */
  readonly nowMs: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'HOST', shrinks: 'last' },
  { title: 'UID' },
  { title: 'PID', align: 'right' },
  { title: 'PPID', align: 'right' },
  { title: 'C', align: 'right' },
  { title: 'STIME' },
  { title: 'TTY' },
  { title: 'TIME', align: 'right' },
  { title: 'APP' },
  { title: 'CMD', shrinks: true },
];

/** Formats processes with the columns of `ps -ef`, the host before and the app that they belong to; empty without any. */
export function formatProcesses(hosts: readonly HostProcesses[], layout: ProcessLayout): Promise<string> {
  const rows = hosts.flatMap(({ host, processes }) =>
    processes.map((process) => [formatHost(host), ...formatProcess(process, layout.nowMs)]),
  );
  return rows.length === 0 ? Promise.resolve('') : formatTable(COLUMNS, rows, layout);
}

function formatProcess(process: HostProcess, nowMs: number): string[] {
  return [
    escapeCell(process.user ?? '?'),
    String(process.pid),
    String(process.ppid),
    String(Math.min(99, Math.floor(process.cpuPercent))),
    formatStart(process.startedAt, nowMs),
    process.tty ?? '?',
    formatCpuTime(process.cpuSeconds),
    escapeCell(process.app ?? '-'),
    escapeCell(process.argv.join(' ')),
  ];
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** As `ps` has it, in the time zone of this laptop: `09:30` today, `Nov25` this year, else the year. */
function formatStart(startedAt: string | null, nowMs: number): string {
  if (startedAt === null) return '?';
  const [start, now] = [new Date(startedAt), new Date(nowMs)];
  if (start.getFullYear() !== now.getFullYear()) return String(start.getFullYear());
  if (start.toDateString() === now.toDateString()) return `${pad(start.getHours())}:${pad(start.getMinutes())}`;
  return `${MONTHS[start.getMonth()]}${pad(start.getDate())}`;
}

/** `[days-]hours:minutes:seconds` */
function formatCpuTime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60].map(pad).join(':');
  return days > 0 ? `${days}-${clock}` : clock;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
