import { expect, test } from 'vitest';
import { readReply } from '../../test/read-reply.js';
import { decodeUtf8, encodeUtf8 } from './bytes.js';
import { findRecord, parseRemoteErrors, ReplyCollector } from './reply.js';

test('records keep their words and the bytes behind them', () => {
  const reply = readReply('Welcome!\n@@n BEGIN\n@@n LOG web 7 0\nfirst\nsecond@@n DONE\n@@n END 3\nbye', 'n');
  expect(reply).toMatchObject({ begun: true, status: 3, preamble: 'Welcome!\n' });
  expect(reply.records.map(({ kind, fields, data }) => [kind, fields, decodeUtf8(data)])).toEqual([
    ['LOG', ['web', '7', '0'], 'first\nsecond'],
    ['DONE', [], ''],
  ]);
  expect(findRecord(reply, 'LOG')?.fields[0]).toBe('web');
  expect(findRecord(reply, 'NONE')).toBeUndefined();
});

test('an answer without its end is of unknown result', () => {
  const reply = readReply('@@n BEGIN\n@@n STARTED web new same\n@@n EN', 'n');
  expect(reply).toMatchObject({ begun: true, status: undefined });
  expect(reply.records).toHaveLength(1);
});

test('text without a beginning is kept as the reason', () => {
  const reply = readReply('This account is currently not available.\n', 'n');
  expect(reply).toEqual({
    begun: false,
    status: undefined,
    records: [],
    preamble: 'This account is currently not available.\n',
  });
});

test('of endless text before the beginning only the head is kept', () => {
  const collector = new ReplyCollector();
  for (let count = 0; count < 1000; count++) collector.add({ kind: 'bytes', bytes: encodeUtf8('x'.repeat(1000)) });
  expect(collector.toReply().preamble).toBe('x'.repeat(4096));
});

test('what comes behind the end is left out', () => {
  const collector = new ReplyCollector();
  for (const text of ['BEGIN', 'END 0']) collector.add({ kind: 'record', text });
  expect(collector.complete).toBe(true);
  collector.add({ kind: 'record', text: 'STARTED web' });
  collector.add({ kind: 'record', text: 'END 1' });
  expect(collector.toReply()).toMatchObject({ records: [], status: 0 });
});

test('errors are read with their app and their text', () => {
  const hex = Buffer.from('no room\nhere').toString('hex');
  const reply = readReply(
    `@@n BEGIN\n@@n ERROR E_STATE_DIR - ${hex}\n@@n ERROR E_STOPPING web \n@@n ERROR\n@@n END 1\n`,
    'n',
  );
  expect(parseRemoteErrors(reply)).toEqual([
    { code: 'E_STATE_DIR', app: null, detail: 'no room\nhere' },
    { code: 'E_STOPPING', app: 'web', detail: '' },
    { code: 'E_PROTOCOL', app: null, detail: '' },
  ]);
});
