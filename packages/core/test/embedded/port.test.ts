import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restart } from '../../src/operations/restart.js';
import { stop } from '../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, type PrivateHost, readEnviron, readProc } from './private-host.js';

let host: PrivateHost;
let strangers: Server[];

beforeEach(async () => {
  host = await createPrivateHost();
  strangers = [];
});

afterEach(async () => {
  for (const server of strangers) server.close();
  await host.close();
});

const LISTEN = `
import os, socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(os.environ["PORT"]))); s.listen()
time.sleep(1000)`;
const LISTENER = ['python3', '-c', LISTEN];

test('a port on which somebody else listens is told before anything is started, with who that is', async () => {
  const { port } = await listen();
  const result = await host.start('web', ['sleep', '1000'], { port });
  expect(result.error?.code).toBe('E_PORT_TAKEN');
  expect(result.error?.message).toMatch(new RegExp(`^the port is taken: ${port}, by pid ${process.pid} \\(\\S+`));
  expect(host.pids()).toEqual([]);
});

test('an app that listens is called by its name', async () => {
  const port = await findFreePort();
  await host.start('first', LISTENER, { port, env: { PORT: String(port) } }, 1000);
  const second = await host.start('second', ['sleep', '1000'], { port });
  expect(second.error?.message).toMatch(new RegExp(`^the port is taken: ${port}, by app first \\(pid \\d+\\)$`));
});

test('a restart takes the port from the run before, and is not stopped for a port that is taken', async () => {
  const port = await findFreePort();
  const spec = { port, env: { PORT: String(port) } };
  const first = await host.start('web', LISTENER, spec, 1000);
  const again = await host.operate(restart, { app: 'web', request: createRequest(), by: BY, settleMs: 1000 });
  expect(again).toMatchObject({ changed: true, report: { state: 'running' } });
  expect(again.identity).not.toBe(first.identity);
  await host.operate(stop, { apps: ['web'], by: BY });
  await host.start('quiet', ['sleep', '1000'], { port });
  const server = await listen(port);
  const refused = await host.operate(restart, { app: 'quiet', request: createRequest(), by: BY, settleMs: 100 });
  expect(refused).toMatchObject({ report: { state: 'running' }, error: { code: 'E_PORT_TAKEN' } });
  server.server.close();
});

test('the host chooses a free port, which the app is told in its environment and its argv, and keeps over a restart', async () => {
  const argv = [...LISTENER, '--port={port}', 'a {port} b {port}', "it's", ''];
  const { report, error } = await host.start('web', argv, { port: 'auto' }, 1000);
  expect(error).toBeUndefined();
  const pid = report.pid ?? 0;
  const { PORT = '' } = readEnviron(pid);
  expect(Number(PORT)).toBeGreaterThanOrEqual(20_000);
  expect(readProc(pid, 'cmdline').split('\0').slice(-5)).toEqual([
    `--port=${PORT}`,
    `a ${PORT} b ${PORT}`,
    "it's",
    '',
    '',
  ]);
  expect(report).toMatchObject({
    ports: [Number(PORT)],
    argv: [...LISTENER, `--port=${PORT}`, `a ${PORT} b ${PORT}`, "it's", ''],
  });
  const again = await host.operate(restart, { app: 'web', request: createRequest(), by: BY, settleMs: 1000 });
  expect(again.report).toMatchObject({ state: 'running', ports: [Number(PORT)] });
});

async function listen(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer();
  strangers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}

async function findFreePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
