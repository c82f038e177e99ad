import { type AppReport, quoteWord } from '@outlast/core';
import { type Palette, resolveStateStyle } from './colors.js';
import { type AppFacts, formatEnding } from './describe-app.js';
import { escapeCell } from './escape-terminal.js';
import { formatBytes } from './format-bytes.js';
import { formatDuration } from './format-duration.js';
import { formatHost } from './format-host.js';
import { type Cell, type Column, formatTable } from './table.js';

/** What is shown of an app beside what is told in words. */
export type StatusFacts = AppFacts & Pick<AppReport, 'startedAt' | 'argv' | 'cwd' | 'logPath'>;

/** The apps of one host, in the order in which they are shown. */
export interface HostApps {
  readonly host: string;
  readonly apps: readonly StatusFacts[];
}

/** How the status is shown. */
export interface StatusLayout {
  readonly palette: Palette;
  /** Width of the terminal; 0 cuts nothing. */
  readonly width: number;
  /** Adds the columns that few look at. */
  readonly wide?: boolean;
  /** Now, in milliseconds, for the age of what ended. */
  readonly nowMs: number;
}

interface StatusColumn extends Column {
  /** Shown only when some app fills it. */
  readonly optional?: boolean;
  read(app: StatusFacts, layout: StatusLayout): Cell;
}

const COLUMNS: readonly StatusColumn[] = [
  { title: 'APP', shrinks: true, read: ({ app }) => escapeCell(app) },
  {
    title: 'STATE',
    read: (app, { palette }) => ({ text: escapeCell(app.state), style: resolveStateStyle(palette, app) }),
  },
  { title: 'PID', align: 'right', read: ({ pid }) => orDash(pid, String) },
  { title: 'UPTIME', align: 'right', read: ({ uptimeSeconds }) => orDash(uptimeSeconds, formatDuration) },
  { title: 'CPU', align: 'right', read: ({ cpuPercent }) => orDash(cpuPercent, (percent) => `${percent.toFixed(1)}%`) },
  { title: 'MEM', align: 'right', read: ({ rssBytes }) => orDash(rssBytes, formatBytes) },
  { title: 'RESTARTS', align: 'right', read: ({ restarts }) => orDash(restarts, String) },
  { title: 'PORTS', shrinks: true, read: formatPorts },
  { title: 'RELEASE', shrinks: true, optional: true, read: ({ release }) => escapeCell(release ?? '') },
  { title: 'ENDED', shrinks: true, optional: true, read: (app, { nowMs }) => formatEnding(app, nowMs) },
];

const WIDE_COLUMNS: readonly StatusColumn[] = [
  { title: 'STARTED', read: ({ startedAt }) => startedAt ?? '-' },
  { title: 'CWD', read: ({ argv, cwd }) => escapeCell(cwd ?? (argv === null ? '-' : '~')) },
  { title: 'LOG', read: ({ logPath }) => escapeCell(logPath ?? '-') },
  { title: 'ARGV', read: ({ argv }) => escapeCell(argv?.map(quoteWord).join(' ') ?? '-') },
];

/** Formats the table of `status`; empty when no host has an app. */
export async function formatStatus(hosts: readonly HostApps[], layout: StatusLayout): Promise<string> {
  const found = hosts.flatMap(({ host, apps }) => apps.map((app) => ({ host: formatHost(host), app })));
  if (found.length === 0) return '';
  const columns = layout.wide ? [...COLUMNS, ...WIDE_COLUMNS] : COLUMNS;
  const shown = columns.filter(({ optional, read }) => !optional || found.some(({ app }) => read(app, layout) !== ''));
  const rows = found.map(({ host, app }): Cell[] => [host, ...shown.map(({ read }) => read(app, layout))]);
  return formatTable([{ title: 'HOST', shrinks: 'last' }, ...shown], rows, {
    width: layout.width,
    header: layout.palette.bold,
  });
}

function orDash<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '-' : format(value);
}

function formatPorts({ ports }: AppFacts): string {
  if (ports === null) return '?';
  return ports.length === 0 ? '-' : ports.join(',');
}
