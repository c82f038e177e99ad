import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const OUTCOMES = 'mutant-outcomes.json';

/**
 * Runs the tests of these exact names in these files of a copy; resolves to what became of each that ran, by its name, and to what
 * vitest printed.
 */
export async function runVitest(folder, files, names, timeoutMs) {
  const report = join(folder, OUTCOMES);
  rmSync(report, { force: true });
  const output = await collect(folder, [
    join(folder, 'node_modules', 'vitest', 'vitest.mjs'),
    ...['run', '--cache=false', '--reporter=json', `--outputFile=${report}`],
    ...['-t', `^(${names.map(escapePattern).join('|')})$`],
    ...(timeoutMs === undefined ? [] : [`--testTimeout=${timeoutMs}`]),
    ...files,
  ]);
  if (!existsSync(report)) return { outcomes: new Map(), output };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const messages = testResults.map(({ message }) => message).filter(Boolean);
  return { outcomes: collectOutcomes(testResults), output: [output, ...messages].join('\n') };
}

/** By name; one that passes in one place and fails in another has failed. */
function collectOutcomes(testResults) {
  const outcomes = new Map();
  for (const result of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const { fullName, status, duration = 0, failureMessages = [] } = result;
    if (outcomes.get(fullName)?.status === 'failed') continue;
    outcomes.set(fullName, { status, duration, messages: failureMessages.join('\n') });
  }
  return outcomes;
}

function escapePattern(name) {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function collect(cwd, args) {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
