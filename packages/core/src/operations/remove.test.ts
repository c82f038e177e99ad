import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { remove } from './remove.js';

test('an ended app is forgotten, a running one is not', () => {
  const results = remove.parse(readCapturedReply(import.meta.url, 'rm.dash-0.5.12'), { apps: [] });
  expect(results).toMatchObject([
    { changed: true, report: { app: 'done', state: 'unknown' } },
    { changed: false, report: { app: 'running', state: 'running' }, error: { code: 'E_RUNNING' } },
    { changed: false, report: { app: 'unknown', state: 'unknown' } },
  ]);
  expect(results[1]?.error?.message).toContain('pid 55');
});
