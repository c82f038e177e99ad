import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ROOT } from './run-step.mjs';

/** Runs a step in a process of its own and shows what that one printed. */
function run(file, args, quietMs) {
  const source = `
    import { runStep } from './scripts/run-step.mjs';
    await runStep('trying it', ...${JSON.stringify([file, args, { quietMs }])}).catch((error) => {
      process.stderr.write('caught ' + error.name + ': ' + error.message + '\\n');
    });`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', source], { cwd: ROOT, encoding: 'utf8' });
}

test('a step that is over soon says nothing', () => {
  const { stdout, stderr } = run('sh', ['-c', 'echo noise'], 9_000);
  expect([stdout, stderr]).toEqual(['', '']);
});

test('a longer step is one line with its duration, without the output', () => {
  const { stdout, stderr } = run('sh', ['-c', 'echo noise; sleep 0.2'], 20);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^trying it … \d+\.\d s\n$/);
});

test('a step that fails shows its whole output, however soon', () => {
  const { stderr } = run('sh', ['-c', 'echo one; echo two >&2; exit 3'], 9_000);
  expect(stderr).toMatch(/^trying it … failed after \d+\.\d s\n/);
  expect(stderr).toContain('one\n');
  expect(stderr).toContain('two\n');
  expect(stderr).toContain('caught StepError: trying it failed: exit code 3');
});

test('a program that is not there fails the step', () => {
  expect(run('no-such-program-anywhere', [], 9_000).stderr).toMatch(/caught StepError: .*ENOENT/);
});
