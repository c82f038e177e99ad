import { describe, expect, test } from 'vitest';
import { CAPTURED_NONCE, readCapture } from '../../test/read-reply.js';
import { decodeUtf8, encodeUtf8 } from '../wire/bytes.js';
import { RecordScanner } from '../wire/record-scanner.js';
import { buildFollowScript, FollowReader, type LogCursor } from './follow.js';

const STREAM = [
  '@@n BEGIN\n@@n DATA web log 7 100 112\nfirst\nsecond@@n SURE\n@@n BEAT\n@@n DATA api log.stdout 9 0 6\nhello\n@@n SURE\n',
  '@@n DATA web log 7 112 117\nwrong@@n VOID\n@@n DATA web log 7 112 118\nthird\n@@n SURE\n@@n GAP web log 7 150\n@@n ROTATED web log 8 20\n',
  '@@n DATA web log 8 20 24\nnew\n@@n SURE\n@@n TRUNCATED api log.stdout 9 0\n@@n DATA api log.stdout 9 0 6\nagain\n@@n SURE\n@@n END 0\n',
].join('');

const CURSORS: readonly LogCursor[] = [
  { app: 'web', stream: 'combined', inode: '7', offset: 100 },
  { app: 'api', stream: 'stdout', inode: null, offset: 0 },
];

function follow(chunks: readonly Uint8Array[], cursors = CURSORS, nonce = 'n') {
  const scanner = new RecordScanner(nonce);
  const reader = new FollowReader(cursors);
  const events = chunks
    .flatMap((chunk) => scanner.push(chunk))
    .flatMap((part) => reader.read(part) ?? [])
    .map((event) =>
      event.kind === 'data' ? `${event.app}@${event.offset} ${decodeUtf8(event.bytes)}` : `${event.app} ${event.kind}`,
    );
  return { events, cursors: reader.cursors };
}

describe('a follow', () => {
  test('tells what came where, and what became of the file', () => {
    expect(follow([encodeUtf8(STREAM)])).toEqual({
      events: [
        'web@100 first\nsecond',
        'api@0 hello\n',
        'web@112 third\n',
        'web gap',
        'web rotated',
        'web@20 new\n',
        'api truncated',
        'api@0 again\n',
      ],
      cursors: [
        { app: 'web', stream: 'combined', inode: '8', offset: 24 },
        { app: 'api', stream: 'stdout', inode: '9', offset: 6 },
      ],
    });
  });

  test('that is cut anywhere can be gone on with: nothing twice, nothing left out', () => {
    const bytes = encodeUtf8(STREAM);
    const whole = follow([bytes]).cursors;
    for (let at = 0; at <= bytes.length; at++) {
      expect(follow([bytes.subarray(0, at), bytes.subarray(at)]).cursors).toEqual(whole);
      const { events, cursors } = follow([bytes.subarray(0, at)]);
      const web = events
        .filter((event) => /^web@1\d\d/.test(event))
        .map((event) => event.replace(/^\S+ /, ''))
        .join('');
      const cursor = cursors.find(({ app }) => app === 'web');
      if (cursor?.inode === '7' && cursor.offset < 150) expect(cursor.offset).toBe(100 + web.length);
    }
  });
});

test('what a host has sent is read, and where it came to', () => {
  const cursors = [{ app: 'web', stream: 'combined', inode: null, offset: 0 }] as const;
  expect(follow([readCapture(import.meta.url, 'follow.dash-0.5.12')], cursors, CAPTURED_NONCE)).toEqual({
    events: ['web@0 one\ntwo ERROR\nthree\nfour ERROR\n'],
    cursors: [{ app: 'web', stream: 'combined', inode: '10078049', offset: 31 }],
  });
});

test.each([
  ['is shorter than the host believes', '@@n DATA web log 7 100 112\nfirst\n@@n SURE\n'],
  ['does not begin where the last one ended', '@@n DATA web log 7 101 107\nirst\nx@@n SURE\n'],
])('what %s is not taken, so that the next script brings it', (_what, stream) => {
  expect(follow([encodeUtf8(stream)])).toEqual({ events: [], cursors: CURSORS });
});

test('bytes that no log was named for are nothing that is shown', () => {
  const reader = new FollowReader(CURSORS);
  expect(reader.read({ kind: 'bytes', bytes: encodeUtf8('Welcome!\n') })).toBeUndefined();
  expect(reader.read({ kind: 'record', text: 'DATA stranger log 1 0 6' })).toBeUndefined();
  expect(reader.cursors.slice(0, 2)).toEqual(CURSORS);
});

test('the script begins at the cursors', () => {
  expect(buildFollowScript({ cursors: CURSORS, seconds: 30 }, { nonce: 'n' })).toContain(
    "\ncursors='web:log:7:100 api:log.stdout:-:0'\n",
  );
});
