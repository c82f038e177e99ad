import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createSink } from './sink.js';

test('a reader that goes away ends it quietly', async () => {
  const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'ignore'] });
  head.stdout.resume();
  const sink = createSink(head.stdin, 'stdout');
  await sink.write('first\n');
  await once(head, 'exit');
  while (!sink.closed) await sink.write('more\n');
  await sink.whenClosed;
  await expect(sink.write('late\n')).resolves.toBeUndefined();
});

test('a full disk is an error that names the stream, then and later', async (context) => {
  context.skip(!existsSync('/dev/full'), 'there is no /dev/full');
  const sink = createSink(createWriteStream('/dev/full'), 'stdout');
  await expect(sink.write('x')).rejects.toMatchObject({
    code: 'E_OUTPUT',
    message: expect.stringMatching(/^stdout .*ENOSPC/),
  });
  await expect(sink.write('y')).rejects.toThrow('ENOSPC');
  expect((await sink.whenBroken).code).toBe('E_OUTPUT');
  expect(sink.closed).toBe(false);
});

test('a write is done only when the stream has taken it', async () => {
  let take = () => {};
  const slow = new Writable({
    write(_chunk, _encoding, done) {
      take = done;
    },
  });
  let done = false;
  const written = createSink(slow, 'stdout')
    .write('x')
    .then(() => {
      done = true;
    });
  await new Promise(setImmediate);
  expect(done).toBe(false);
  take();
  await written;
});
