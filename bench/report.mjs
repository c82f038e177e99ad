// Tables of figures, on the terminal and in docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const HEADS = ['figure', 'program', 'median', 'outlast is', 'goal'];

/** Says on what it is measured. */
export function describeMachine() {
  const { stderr } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  const machine = `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model}`;
  return `${machine}, ${Math.round(totalmem() / 2 ** 30)} GB, ${stderr.split(',')[0]}`;
}

/** Tells whether a row misses its goal. */
export function isMissed({ value, most, ratio, goal }) {
  return (most !== undefined && value > most) || (goal !== undefined && ratio > goal);
}

/** Formats rows as a table in Markdown, whose columns are aligned. */
export function formatTable(rows) {
  const cells = [HEADS, ...rows.map(formatRow)];
  const widths = HEADS.map((_, at) => Math.max(...cells.map((row) => row[at].length)));
  const [head, ...lines] = cells.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |\n`);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`, ...lines].join('');
}

function formatRow(row) {
  const { what, name, value, ratio, goal, most } = row;
  const aim = goal !== undefined ? `≤ ${goal.toFixed(2)} ×` : most !== undefined ? `≤ ${most}` : '';
  return [what, name, formatNumber(value), ratio === undefined ? '' : `${ratio.toFixed(2)} ×`, judge(row, aim)];
}

function judge(row, aim) {
  return aim === '' ? '' : `${aim} ${isMissed(row) ? 'MISSED' : 'met'}`;
}

function formatNumber(value) {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** Puts a run into the place of the page that has that name, instead of the last one. */
export function writePage(name, machine, rows) {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->\n`];
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error(`${PAGE} has no place for the table ${name}`);
  writeFileSync(PAGE, `${before}${begin}\n${machine.replaceAll('\n', '.\n')}.\n\n${formatTable(rows)}\n${end}${after}`);
}
