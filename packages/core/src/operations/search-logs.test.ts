import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { searchLogs } from './search-logs.js';

const OPTIONS = { apps: ['web'], pattern: 'ERROR$', lines: 5, endedLines: false };

test('each line that matches comes with its place', () => {
  const [searched] = searchLogs.parse(readCapturedReply(import.meta.url, 'search-logs.dash-0.5.12'), OPTIONS);
  expect(searched).toMatchObject({ app: 'web', stream: 'combined', inode: '10078049', end: 31 });
  expect(searched?.lines.map(({ offset, bytes }) => [offset, decodeUtf8(bytes)])).toEqual([
    [4, 'two ERROR\n'],
    [20, 'four ERROR\n'],
  ]);
});

test('the pattern reaches grep as one word', () => {
  const script = searchLogs.build({ ...OPTIONS, pattern: "it's $(id)" }, { nonce: 'n' });
  expect(script).toContain("pattern='it'\\''s $(id)'\n");
});
