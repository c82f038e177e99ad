import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { appOf, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2', 'web3']);
const EXAMPLES = fileURLToPath(new URL('../../../../examples/', import.meta.url));

function runExample(name: string, ...args: readonly string[]) {
  const env = { SSH_CONFIG: lab.laptop.sshConfig, HEALTHY_WITHIN_MS: '300' };
  return lab.laptop.run([process.execPath, join(EXAMPLES, name), ...args], { env });
}

test('fleet-status prints every app of every host as CSV, and the reason where a host cannot be asked', async () => {
  await lab.run(['start', 'shop', '-H', 'web1,web2', '--settle', '100ms', '--', 'sleep', '600']);
  const { stdout, stderr, exitCode } = await runExample('fleet-status.mjs', 'web[1-2],127.0.0.1:1');
  expect([exitCode, stderr]).toEqual([1, '']);
  expect(stdout.trimEnd().split('\n')).toEqual([
    'host,app,state,pid,uptimeSeconds,cpuPercent,rssBytes,error',
    expect.stringMatching(/^web1,shop,running,\d+,\d+,[\d.]*,\d+,$/),
    expect.stringMatching(/^web2,shop,running,\d+,\d+,[\d.]*,\d+,$/),
    expect.stringMatching(/^127\.0\.0\.1:1,,,,,,,"?E_CONNECT_REFUSED: /),
  ]);
});

test('rolling-restart goes from host to host, and stops at the first one that is not healthy', async () => {
  const started = await lab.ask(['start', 'rolled', '-H', 'web[1-3]', '--settle', '100ms', '--', 'sleep', '600']);
  const check = `[ "\${SSH_CONNECTION##* }" != ${lab.host('web2').port} ] || { echo ill >&2; false; }`;
  const { stdout, stderr, exitCode } = await runExample('rolling-restart.mjs', 'rolled', 'web[1-3]', check);
  expect([exitCode, stderr]).toEqual([1, '']);
  expect(stdout).toMatch(/^web1: healthy, pid \d+\nweb2: not healthy: the check ended with 1: ill\n$/);
  const isThere = [0, 1, 2].map((host) => existsSync(`/proc/${appOf(started, host).pid}`));
  expect(isThere).toEqual([false, false, true]);
});

test('run-script shows what a script prints, and ends as it does', async () => {
  const script = join(lab.laptop.home, 'migrate.sh');
  writeFileSync(script, 'echo "migrating $1"; echo careful >&2; exit 5\n');
  const { stdout, stderr, exitCode } = await runExample('run-script.mjs', 'web1', script, 'all of it');
  expect([stdout, stderr, exitCode]).toEqual(['migrating all of it\n', 'careful\n', 5]);
});

test('nightly-job waits for the end of its job, ends as the job does, and shows what it said last', async () => {
  const go = join(lab.laptop.home, 'dumped');
  const job = `while ! [ -e '${go}' ]; do sleep 0.1; done; echo 'disk is full'; exit 6`;
  setTimeout(() => writeFileSync(go, ''), 100);
  const { stdout, stderr, exitCode } = await runExample('nightly-job.mjs', 'web1', 'dump', '--', 'sh', '-c', job);
  expect(stdout).toMatch(/dump exited, exit code 6, signal none, at \d{4}-/);
  expect([stderr, exitCode]).toEqual(['disk is full\n', 6]);
});
