import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../../../../bench/scale.mjs', import.meta.url));

test('hundreds of hosts with few open files are all done, in little memory', () => {
  const flags = ['--hosts', '400', '--open-files', '128'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [BENCH, ...flags], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/hosts that are not ok \(400 hosts, 128 open files\) .* met/);
  expect(stdout).toMatch(/peak memory, MB \(400 hosts, 128 open files\) .* met/);
  expect(status).toBe(0);
});
