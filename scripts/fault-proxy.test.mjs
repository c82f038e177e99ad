import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { parseFaultArgs } from './parse-fault-args.mjs';
import { ROOT } from './run-step.mjs';

function run(...args) {
  const argv = [join(ROOT, 'scripts', 'fault-proxy.cjs'), ...args];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function startEcho() {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server.address().port;
}

test('run by hand it says where it listens, cuts at the byte that was asked for, and ends by Ctrl-C', {
  // It looks first whether anything is to be built.
  timeout: 30_000,
}, async () => {
  const child = run('--to', `127.0.0.1:${await startEcho()}`, '--cut-reply', '5', '--delay', '20ms');
  const lines = createInterface(child.stdout);
  const said = lines[Symbol.asyncIterator]();
  const { value } = await said.next();
  const port = /^listening on 127\.0\.0\.1:(\d+);/.exec(value)?.[1];
  let read = '';
  // A reset is an error to whoever reads; what came before it counts.
  const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  socket.on('data', (chunk) => {
    read += chunk;
  });
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  socket.write('more than that');
  await closed;
  expect(read).toBe('more ');
  child.kill('SIGINT');
  expect((await said.next()).value).toBe('connection 1: 14 bytes of the request arrived, 5 of the reply');
  expect(await once(child, 'close')).toEqual([0, null]);
});

test.each([
  [['--help'], 0, /--half-close-WAY N/],
  [['--to', 'nowhere'], 1, /--to needs a host and a port/],
  [['--to', 'h:22', '--bogus'], 1, /bogus/],
])('%j ends at once with what is to be known', async (args, code, said) => {
  const child = run(...args);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  expect(exitCode).toBe(code);
  expect(stdout + stderr).toMatch(said);
});

test('flags become faults of each direction', () => {
  const flags =
    '--to [::1]:22 --only 2 --delay 2s --drip 5ms --freeze-request 7 --garbage-reply 0 --seed x --preamble hi';
  expect(parseFaultArgs(flags.split(' '))).toEqual({
    help: false,
    target: { address: '::1', port: 22 },
    port: 0,
    only: 2,
    faults: {
      request: { delayMs: 2_000, end: { at: 7, by: 'freeze' } },
      reply: { delayMs: 2_000, dripMs: 5, preamble: 'hi\r\n', garbage: { at: 0, seed: 'x' } },
    },
  });
});

test.each([
  ['--to 127.0.0.1:22 --cut-reply 5 --close-reply 6', 'one way only'],
  ['--to 127.0.0.1:22 --delay 5', '--delay needs a time'],
  ['--to 127.0.0.1:22 --cut-request -1', 'cut-request'],
  ['--to 127.0.0.1:22 --fragment 1e3', '--fragment needs a whole number'],
])('%s is refused', (flags, said) => {
  expect(() => parseFaultArgs(flags.split(' '))).toThrow(said);
});
