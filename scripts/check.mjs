import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { ROOT, runStep, StepError } from './run-step.mjs';

/** Runs every check that needs no test; resolves to the exit code. */
export async function main() {
  await bootstrap();
  const failed = await runChecks();
  process.stderr.write(failed.length === 0 ? 'checks: all well\n' : `checks that failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** Runs the checks on the built tree, each as one step; resolves to the labels of those that failed. */
export async function runChecks() {
  const failed = [];
  for (const { label, program, args } of listChecks()) {
    try {
      await runStep(`checking: ${label}`, join(ROOT, 'node_modules', '.bin', program), args);
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      failed.push(label);
    }
  }
  return failed;
}

function listChecks() {
  const packages = readdirSync(join(ROOT, 'packages'));
  const typed = packages.filter((name) => existsSync(join(ROOT, 'packages', name, 'tsconfig.test.json')));
  return [
    { label: 'lint, format and boundaries', program: 'biome', args: ['ci', '--colors=off', '.'] },
    ...typed.map((name) => ({
      label: `types of ${name}`,
      program: 'tsc',
      args: ['-p', `packages/${name}/tsconfig.test.json`],
    })),
    { label: 'types of the examples', program: 'tsc', args: ['-p', 'examples'] },
    { label: 'dead code', program: 'knip', args: [] },
    ...['core', 'cli'].map((name) => ({
      label: `published files of ${name}`,
      program: 'publint',
      args: [`packages/${name}`, '--strict', '--pack', 'npm'],
    })),
  ];
}
