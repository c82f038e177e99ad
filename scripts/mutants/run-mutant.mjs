import { StepError } from '../run-step.mjs';
import { runVitest } from './run-vitest.mjs';
import { listEdits, splitTest } from './select-mutants.mjs';

/** A mutant that no shell can read would fail every test, and prove nothing. */
const READABLE = {
  file: 'packages/core/test/embedded/script-syntax.test.ts',
  name: 'dash can read every script, and would see a mistake',
};

/** A test may take this many times as long as it did before; then a wait in it is in vain. */
const PATIENCE = 3;
const LEAST_TIMEOUT_MS = 8_000;

/** Runs each named test on the code as it is: it has to pass there. */
export async function checkTests(mutants, copies) {
  const named = [...new Set(mutants.map(({ test }) => test))];
  const queue = [...new Set(named.map((test) => splitTest(test).file))];
  const milliseconds = new Map();
  const problems = [];
  const work = async ({ folder }) => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const tests = named.filter((test) => splitTest(test).file === file);
      const names = tests.map((test) => splitTest(test).name);
      const { outcomes, output } = await runVitest(folder, [file], names);
      for (const test of tests) {
        const { status = 'not there', duration } = outcomes.get(splitTest(test).name) ?? {};
        milliseconds.set(test, duration);
        if (status !== 'passed') problems.push(`${status} without any mutant: ${test}\n${output}`);
      }
    }
  };
  await Promise.all(copies.map(work));
  return { milliseconds, problems };
}

/** Takes one guard out, runs its test, and puts it back; `verdict` is `caught`, `survived`, or says why neither. */
export async function runMutant(mutant, copy, milliseconds) {
  const begun = performance.now();
  const restore = copy.replace(mutant.file, listEdits(mutant));
  const { file, name } = splitTest(mutant.test);
  try {
    if (usesBuild(file)) await copy.build();
    const timeout = Math.max(LEAST_TIMEOUT_MS, Math.round(milliseconds * PATIENCE));
    const { outcomes, output } = await runVitest(copy.folder, [file, READABLE.file], [name, READABLE.name], timeout);
    const seconds = (performance.now() - begun) / 1000;
    return { mutant, seconds, ...judge(outcomes, name), output };
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    return { mutant, seconds: (performance.now() - begun) / 1000, verdict: 'cannot be built', output: '' };
  } finally {
    restore();
    if (usesBuild(file)) await copy.build();
  }
}

/** The tests of core take it from its source, as those beside the source do. */
function usesBuild(file) {
  return file.startsWith('packages/cli/test/');
}

function judge(outcomes, name) {
  if (outcomes.get(READABLE.name)?.status !== 'passed') return { verdict: 'no script any more' };
  const { status, messages = '' } = outcomes.get(name) ?? {};
  // A failpoint that is put into the very text that was taken out fails by itself.
  if (messages.includes('the script has no ')) return { verdict: 'the test lost its failpoint' };
  if (status === 'failed') return { verdict: 'caught' };
  return { verdict: status === 'passed' ? 'survived' : 'test did not run' };
}
