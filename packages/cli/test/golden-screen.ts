/** What stands in a table in the place of what is another one in each run. */
const MASKED_COLUMNS = new Set(['UID', 'PID', 'PPID', 'C', 'STIME', 'TIME', 'UPTIME', 'CPU', 'MEM', 'STARTED', 'PORT']);

/** Words that are others in each run, in lines of any kind. */
const MASKED_WORDS: readonly (readonly [RegExp, string])[] = [
  [/pid \d+/g, 'pid PID'],
  [/(?<=127.0.0.1 )port \d+/g, 'port PORT'],
  [/SHA256:[\w+/]{43}/g, 'SHA256:FINGERPRINT'],
  [/\S+(?=\/outlast\/apps\/)/g, 'STATE'],
  // Where a cell is cut depends on how long the pids are: what is to be cut is of this one letter.
  [/z+…/g, 'zzz…'],
];

const GAP = /(?<=\S) {2,}(?=\S)/;

/**
 * Makes what a person sees the same in each run: what differs is told by its name, and the columns of a table, whose widths depend on it, are
 * laid out anew. Columns are told from each other by two blanks.
 */
export function maskScreen(lines: readonly string[], words: Readonly<Record<string, string>>): string[] {
  const masked = lines.map((line) => maskWords(line, words));
  const titles = masked[0]?.startsWith('HOST ') ? (masked[0] ?? '').split(GAP) : [];
  const end = masked.findIndex((line) => line.split(GAP).length < titles.length - 1);
  const table = titles.length === 0 ? [] : masked.slice(0, end < 0 ? masked.length : end);
  const rows = table.map((line, row) =>
    line.split(GAP).map((cell, index) => (row === 0 ? cell : maskCell(cell, titles[index]))),
  );
  return [...layOut(rows), ...masked.slice(table.length)];
}

function maskWords(line: string, words: Readonly<Record<string, string>>): string {
  const named = Object.entries(words).reduce((text, [word, name]) => text.replaceAll(word, name), line);
  return MASKED_WORDS.reduce((text, [pattern, name]) => text.replace(pattern, name), named);
}

function maskCell(cell: string, title: string | undefined): string {
  return title !== undefined && MASKED_COLUMNS.has(title) && cell !== '-' ? title.toLowerCase() : cell;
}

function layOut(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) =>
      row.map((cell, index) => Math.max(cell.length, widest[index] ?? 0)).concat(widest.slice(row.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
