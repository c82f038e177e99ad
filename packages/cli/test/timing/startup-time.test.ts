import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../../../../bench/startup.mjs', import.meta.url));

test('the version is said within three quarters of the time that clush needs for its own', (context) => {
  const { error } = spawnSync('clush', ['--version']);
  context.skip(error !== undefined, 'clush is not installed; on Debian: apt-get install clustershell');
  const { stdout, status } = spawnSync(process.execPath, [BENCH, '21'], { encoding: 'utf8' });
  expect(stdout).toContain('goal: at most 0.75: met');
  expect(status).toBe(0);
});
