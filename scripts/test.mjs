import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { runChecks } from './check.mjs';
import { ensureDebianPackages } from './install-debian-packages.mjs';
import { parseTestArgs } from './parse-test-args.mjs';
import { ROOT, runOnTerminal } from './run-step.mjs';
import { formatOutcomes, isAllWell, OUTCOMES_FILE, readOutcomes } from './test-outcomes.mjs';

const HELP = `npm test                          check and test everything
npm test -- --unit                only the unit tests
npm test -- --project NAME        only one of unit, embedded, sshd, timing, docker, streamlit
npm test -- -t "part of a name"   only tests of that name
npm test -- FILE…                 only these; whatever else vitest takes may follow, too
`;

const NOTHING_RAN = { passed: 0, failed: 0, skipped: [], notStarted: [], unhandledErrors: [] };

/** Installs and builds what is needed, checks, runs the tests asked for and ends with their count; resolves to the exit code. */
export async function main(args) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const { vitestArgs, narrowed, needsHosts } = parseTestArgs(args);
  await bootstrap();
  const failedChecks = narrowed ? [] : await runChecks();
  if (needsHosts) await ensureDebianPackages();
  const code = await runVitest(vitestArgs);
  const outcomes = readOutcomes(ROOT) ?? reportNothing(code);
  process.stdout.write(formatOutcomes(outcomes, failedChecks));
  return isAllWell(outcomes, failedChecks, process.env.CI === 'true') ? code : Math.max(code, 1);
}

function reportNothing(code) {
  process.stdout.write(`vitest ended before it could say what became of the tests (exit code ${code})\n`);
  return NOTHING_RAN;
}

function runVitest(vitestArgs) {
  rmSync(join(ROOT, OUTCOMES_FILE), { force: true });
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=./scripts/outcome-reporter.mjs'];
  return runOnTerminal(process.execPath, [vitest, 'run', ...reporters, ...vitestArgs]);
}
