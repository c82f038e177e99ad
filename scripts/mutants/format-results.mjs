const WIDTH = 12;

/** One line a mutant, and under one that was not caught what else is to be known. */
export function formatResult({ mutant, verdict, seconds, output }) {
  const line = `${verdict.padEnd(WIDTH)} ${seconds.toFixed(1).padStart(5)} s  ${mutant.guard}\n${' '.repeat(WIDTH + 10)}${mutant.test}\n`;
  return ['caught', 'survived'].includes(verdict) ? line : `${line}${output.trimEnd()}\n`;
}

/** The count, and every guard that may be taken out without a test missing it. */
export function formatSummary(results) {
  const missed = results.filter(({ verdict }) => verdict !== 'caught');
  const lines = missed.map(({ mutant, verdict }) => `${verdict}: ${mutant.guard} (${mutant.file})\n`);
  return `\n${lines.join('')}mutants: ${results.length - missed.length} caught, ${missed.length} not\n`;
}
