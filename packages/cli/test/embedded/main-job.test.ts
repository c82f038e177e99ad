import { get } from 'node:http';
import { isGone, waitFor } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { addLaptop, appOf, ask, codesOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['one', 'two'], { kind: 'embedded' });
const BOTH = ['-H', 'one,two'];

const SERVER =
  "require('http').createServer((_, answer) => answer.end('page of ' + process.env.OUTLAST_APP))" +
  ".listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })";

function fetchPage(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ port, host: '127.0.0.1', agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += String(chunk);
      });
      answer.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

describe('the main job', () => {
  test('a web app is started on two hosts, serves after its client is gone, and is stopped from another laptop', async () => {
    const started = await lab.ask(['start', 'web', ...BOTH, '--', process.execPath, '-e', SERVER]);
    expect([started.exitCode, codesOf(started)]).toEqual([0, ['ok', 'ok']]);
    const other = await addLaptop([lab.host('one'), lab.host('two')]);
    const status = await ask(other, ['status', 'web', ...BOTH]);
    const ports: number[] = [];
    for (const index of [0, 1]) {
      const { pid, lastPid } = appOf(started, index);
      expect(appOf(status, index)).toMatchObject({ state: 'running', pid, lastPid });
      const [port = 0] = appOf(status, index).ports ?? [];
      ports.push(port);
      expect(await fetchPage(port)).toBe('page of web');
    }
    const { stdout } = await other.outlast(['logs', 'web', ...BOTH]);
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(new RegExp(`^one +web \\| port ${ports[0]}$`)),
      expect.stringMatching(new RegExp(`^two +web \\| port ${ports[1]}$`)),
    ]);
    const stopped = await ask(other, ['stop', 'web', ...BOTH]);
    expect(stopped.document.outcomes.map(({ apps }) => apps?.[0]?.how)).toEqual(['term', 'term']);
    for (const index of [0, 1]) expect(isGone(appOf(started, index).pid ?? 0)).toBe(true);
    await expect(fetchPage(ports[0] ?? 0)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('each host has its own apps', async () => {
    await lab.ask(['start', 'alone', '-H', 'one', '--settle', '100ms', '--', 'sleep', '600']);
    const told = await lab.ask(['status', 'alone', ...BOTH]);
    expect(told.exitCode).toBe(0);
    expect([appOf(told, 0).state, appOf(told, 1).state]).toEqual(['running', 'unknown']);
  });

  test('an app that fails is started again as asked, until that is given up', async () => {
    const flags = ['-H', 'one', '--settle', '100ms', '--restart', 'on-failure', '--max-restarts', '1'];
    await lab.ask(['start', 'crasher', ...flags, ...shell('sleep 0.5; exit 3')]);
    const look = async () => appOf(await lab.ask(['status', 'crasher', '-H', 'one']));
    await waitFor(async () => (await look()).state === 'crash-looping', { what: 'giving up', timeoutMs: 20_000 });
    expect(await look()).toMatchObject({ restarts: 1, exitCode: 3, pid: null });
  });
});

test('a laptop without an ssh program reaches a host by flags alone', async () => {
  const host = lab.host('one');
  const { laptop } = lab;
  const flags = ['-H', laptop.destination(host), ...laptop.sshFlags(host)];
  const [program = '', ...rest] = laptop.argvOf([]);
  // No PATH leads to ssh.
  const env = { PATH: laptop.home };
  const run = (...args: string[]) => laptop.run([program, ...rest, ...args], { env });
  const started = await run('start', 'bare', ...flags, '--settle', '200ms', '--', 'sleep', '600');
  expect(started.stderr).toMatch(/Safe to disconnect/);
  expect(started.exitCode).toBe(0);
  expect((await run('stop', 'bare', ...flags)).stdout).toMatch(/bare +stopped/);
});
