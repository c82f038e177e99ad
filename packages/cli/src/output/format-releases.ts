import type { HistoryEntry, Release } from '@outlast/core';
import type { Palette, Style } from './colors.js';
import { escapeCell } from './escape-terminal.js';
import { formatAge } from './format-duration.js';
import { formatHost } from './format-host.js';
import { type Cell, type Column, formatTable } from './table.js';

/** How the tables are laid out. */
export interface ReleasesLayout {
  readonly palette: Palette;
  /** Width of the terminal; 0 cuts nothing. */
  readonly width: number;
  /** Now, in milliseconds, for ages. */
  readonly nowMs: number;
}

const RELEASE_COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'APP' },
  { title: 'RELEASE' },
  { title: 'STATE' },
  { title: 'CREATED' },
  { title: 'BY', shrinks: true },
  { title: 'COMMIT', shrinks: true },
];

/** Formats the releases of apps, one a line. */
export function formatReleases(
  rows: readonly { readonly host: string; readonly app: string; readonly release: Release }[],
  { palette, width, nowMs }: ReleasesLayout,
): Promise<string> {
  const cells = rows.map(({ host, app, release }): Cell[] => {
    const { id, state, current, createdAt, by, commit } = release;
    const style = state === 'failed' ? palette.red : current ? palette.green : palette.dim;
    // One that never was healthy is current only where nothing else could be brought back.
    const text = !current ? state : state === 'good' ? 'current' : `current, ${state}`;
    const word = { text, style };
    const age = createdAt === null ? '-' : formatAge(createdAt, nowMs);
    return [
      formatHost(host),
      escapeCell(app),
      escapeCell(id),
      word,
      age,
      escapeCell(by ?? '-'),
      escapeCell(commit ?? '-'),
    ];
  });
  return formatTable(RELEASE_COLUMNS, cells, { width, header: palette.bold });
}

const HISTORY_COLUMNS: readonly Column[] = [
  { title: 'AT' },
  { title: 'HOST' },
  { title: 'APP' },
  { title: 'VERB' },
  { title: 'RESULT' },
  { title: 'RELEASE' },
  { title: 'BY', shrinks: true },
  { title: 'REASON', shrinks: true },
];

/** Formats who did what, one a line. */
export function formatHistory(
  rows: readonly { readonly host: string; readonly entry: HistoryEntry }[],
  { palette, width }: ReleasesLayout,
): Promise<string> {
  const cells = rows.map(({ host, entry }): Cell[] => {
    const { at, by, app, verb, release, result, reason, error } = entry;
    const style = chooseStyle(result, palette);
    const word = { text: error === null ? result : `${result}: ${error}`, style };
    return [
      at ?? '-',
      formatHost(host),
      escapeCell(app),
      verb,
      word,
      escapeCell(release ?? '-'),
      escapeCell(by ?? '-'),
      escapeCell(reason ?? '-'),
    ];
  });
  return formatTable(HISTORY_COLUMNS, cells, { width, header: palette.bold });
}

function chooseStyle(result: HistoryEntry['result'], palette: Palette): Style {
  if (result === 'ok') return palette.green;
  if (result === 'under-way') return palette.yellow;
  return result === 'unchanged' ? palette.dim : palette.red;
}
