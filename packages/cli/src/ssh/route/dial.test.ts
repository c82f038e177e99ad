import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { dial } from './dial.js';

// In a thread of its own, so that it answers while ours stands still.
const RESETTING_SERVER = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((socket) => {
  socket.on('close', () => {
    Atomics.store(workerData, 0, 1);
    Atomics.notify(workerData, 0);
  });
  socket.resetAndDestroy();
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

test('a connection that is reset before Node knows that it stands was made to a server that has too many', async () => {
  const reset = new Int32Array(new SharedArrayBuffer(4));
  const server = new Worker(RESETTING_SERVER, { eval: true, workerData: reset });
  onTestFinished(() => void server.terminate());
  const [port] = await once(server, 'message');
  const endpoint = { hostname: '127.0.0.1', port, addressFamily: 'any', bindAddress: null } as const;
  const dialling = dial(endpoint, new AbortController().signal);
  // Node connects in the next tick, and looks for what has become of it behind ours.
  process.nextTick(() => Atomics.wait(reset, 0, 0, 10_000));
  await expect(dialling).rejects.toMatchObject({
    code: 'E_THROTTLED',
    message: `127.0.0.1 port ${port} closed the connection before its banner, without a word`,
  });
});
