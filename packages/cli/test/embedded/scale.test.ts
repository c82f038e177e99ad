import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../../../../bench/scale.mjs', import.meta.url));
/** What four hundred hosts more may cost: less than the garbage that each leaves behind would be. */
const GROWTH_MB = 30;

test('hundreds of hosts with few open files are all done, in hardly more memory than a hundred', (context) => {
  context.skip(spawnSync('python3', ['--version']).error !== undefined, 'python3 is not installed, which measures');
  const argv = [BENCH, '--hosts', '100,500', '--open-files', '128'];
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 50_000 });
  const read = (what: string, count: number) =>
    Number(new RegExp(`${what} \\(${count} hosts, 128 open files\\) +\\| outlast +\\| +([0-9.]+)`).exec(stdout)?.[1]);
  expect(stderr).toBe('');
  expect(read('hosts that are not ok', 500)).toBe(0);
  expect(read('peak memory, MB', 500) - read('peak memory, MB', 100)).toBeLessThan(GROWTH_MB);
  expect(status).toBe(0);
});
