import { FINDING_LEVELS, type Finding, type FindingLevel } from '@outlast/core';
import type { Palette, Style } from './colors.js';
import { escapeCell } from './escape-terminal.js';
import { foldHosts } from './fold-hosts.js';
import { formatHost } from './format-host.js';
import type { RowOrder } from './row-order.js';
import { type Cell, type Column, formatTable } from './table.js';

/** What was found on one host, or on this laptop. */
export interface Diagnosis {
  /** Null is this laptop. */
  readonly host: string | null;
  readonly findings: readonly Finding[];
}

/** How a diagnosis is shown. */
export interface DiagnosisLayout {
  readonly palette: Palette;
  /** Shows what is well, too. */
  readonly verbose: boolean;
  /** In place of the worst first. */
  readonly order?: RowOrder | undefined;
}

const COLUMNS: readonly Column[] = [{ title: 'HOST' }, { title: 'LEVEL' }, { title: 'CHECK' }, { title: 'FINDING' }];

/** One finding, and where it was made. */
interface Group {
  readonly hosts: (string | null)[];
  readonly finding: Finding;
}

/**
 * Formats findings, the worst first and equal ones of several hosts folded, each with its remedy beneath. A host where all is well has
 * one line. Nothing is cut: half a remedy is none.
 */
export function formatDiagnosis(
  diagnoses: readonly Diagnosis[],
  { palette, verbose, order }: DiagnosisLayout,
): Promise<string> {
  const shown = diagnoses.flatMap((diagnosis) => selectFindings(diagnosis, verbose));
  const groups = groupEqual(order?.sort(shown, ({ host, finding }) => ({ own: finding, outcome: { host } })) ?? shown);
  const worstFirst = FINDING_LEVELS.flatMap((level) => groups.filter(({ finding }) => finding.level === level));
  const ordered = order === undefined ? worstFirst : groups;
  const rows = ordered.flatMap(({ hosts, finding }): Cell[][] => {
    const { check, level, message, remedy } = finding;
    const row: Cell[] = [
      formatLabel(hosts),
      { text: level, style: resolveLevelStyle(palette, level) },
      check,
      escapeCell(message),
    ];
    return remedy === null ? [row] : [row, ['', '', '', `→ ${escapeCell(remedy)}`]];
  });
  return rows.length === 0 ? Promise.resolve('') : formatTable(COLUMNS, rows, { header: palette.bold });
}

function selectFindings({ host, findings }: Diagnosis, verbose: boolean): { host: string | null; finding: Finding }[] {
  const shown = findings.filter(({ level }) => verbose || level !== 'ok');
  const checks = new Set(findings.map(({ check }) => check)).size;
  const allWell: Finding = { check: 'all', level: 'ok', message: `${checks} checks, nothing in the way`, remedy: null };
  return (shown.length > 0 ? shown : [allWell]).map((finding) => ({ host, finding }));
}

function groupEqual(all: readonly { host: string | null; finding: Finding }[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { host, finding } of all) {
    // What holds for the laptop is not folded with what holds for a host.
    const key = JSON.stringify([host === null, finding]);
    const group = groups.get(key);
    if (group) group.hosts.push(host);
    else groups.set(key, { hosts: [host], finding });
  }
  return [...groups.values()];
}

function formatLabel(hosts: readonly (string | null)[]): string {
  const names = hosts.filter((host) => host !== null);
  if (names.length === 0) return 'this laptop';
  const folded = foldHosts(names.map(formatHost)).join(',');
  return names.length === 1 ? folded : `${folded} (${names.length} hosts)`;
}

function resolveLevelStyle(palette: Palette, level: FindingLevel): Style {
  const styles = { problem: palette.red, warning: palette.yellow, note: palette.cyan, ok: palette.green };
  return styles[level];
}
