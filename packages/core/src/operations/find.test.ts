import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { find } from './find.js';

const reply = readCapturedReply(import.meta.url, 'find.dash-0.5.12');

function findBy(pattern: RegExp) {
  return find.parse(reply, { pattern });
}

test('a process is told with its owner, its app and what it uses', () => {
  expect(findBy(/8501/)).toEqual([
    {
      pid: 1283,
      ppid: 1279,
      user: 'root',
      argv: ['python3', '-c', expect.stringContaining("s.bind(('127.0.0.1',8501))")],
      startedAt: '2026-11-23T02:27:10Z',
      start: '420058',
      tty: null,
      cpuSeconds: 0,
      cpuPercent: expect.any(Number),
      rssBytes: 9_969_664,
      app: 'server',
    },
  ]);
});

test('what no app of ours started is found too', () => {
  expect(findBy(/^node /)).toMatchObject([{ pid: 1, ppid: 0, app: null }]);
});

test('the search does not find itself', () => {
  const pids = findBy(/./).map(({ pid }) => pid);
  const self = Number(reply.records.find(({ kind }) => kind === 'SELF')?.fields[0]);
  expect(pids.length).toBeGreaterThan(10);
  expect(pids).not.toContain(self);
  expect(findBy(/\b(cat|grep|ls)\b/)).toEqual([]);
});

test('the pattern stays with the client', () => {
  expect(find.build({ pattern: /needle/ }, { nonce: 'n' })).not.toContain('needle');
});
