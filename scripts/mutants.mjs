import { bootstrap } from './bootstrap.mjs';
import { createCopy } from './mutants/copy-tree.mjs';
import { formatResult, formatSummary } from './mutants/format-results.mjs';
import { MUTANTS } from './mutants/guards.mjs';
import { checkTests, runMutant } from './mutants/run-mutant.mjs';
import { checkTexts, selectMutants } from './mutants/select-mutants.mjs';

const HELP = `npm run mutants                   take out one guard after the other: a test has to fall each time
npm run mutants -- NAME…          only guards whose name, file or test holds one of these texts
npm run mutants -- --list         only list them
`;

/** Tests wait most of the time, so two at once are hardly slower; each has a copy of the tree of its own. */
const WORKERS = 2;

/** Takes every guard out of a copy of the tree in turn, and tells those that no test misses; resolves to the exit code. */
export async function main(args) {
  if (args.includes('--help') || args.includes('-h')) return print(HELP, 0);
  const mutants = selectMutants(MUTANTS, args);
  const problems = checkTexts(mutants);
  if (problems.length > 0) return print(`${problems.join('\n')}\n`, 1);
  if (args.includes('--list')) return print(mutants.map(({ guard, test }) => `${guard}\n    ${test}\n`).join(''), 0);
  await bootstrap();
  const copies = [];
  try {
    for (let count = 0; count < Math.min(WORKERS, mutants.length); count++) copies.push(await createCopy());
    return await runAll(mutants, copies);
  } finally {
    for (const copy of copies) copy.remove();
  }
}

async function runAll(mutants, copies) {
  const before = await checkTests(mutants, copies);
  if (before.problems.length > 0) return print(`${before.problems.join('\n')}\n`, 1);
  const results = [];
  const queue = [...mutants];
  const work = async (copy) => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = await runMutant(mutant, copy, before.milliseconds.get(mutant.test));
      results.push(result);
      process.stdout.write(formatResult(result));
    }
  };
  await Promise.all(copies.map(work));
  return print(formatSummary(results), results.every(({ verdict }) => verdict === 'caught') ? 0 : 1);
}

function print(text, code) {
  process.stdout.write(text);
  return code;
}
