import { expect, test } from 'vitest';
import { readCapturedReply, readReply } from '../../test/read-reply.js';
import { prune } from './prune.js';

const WEEK = { olderThanSeconds: 604_800, dryRun: false };

test('of what went it is told what it was, of what stayed only where its age is not known', () => {
  const { results, kept } = prune.parse(readCapturedReply(import.meta.url, 'prune.dash-0.5.12'), WEEK);
  expect(results).toMatchObject([{ changed: true, report: { app: 'gone', state: 'exited', exitCode: 0 } }]);
  expect(kept).toEqual([{ app: 'lost', reason: 'undated' }]);
});

test('an app that the host did not get to is not known to be there', () => {
  const reply = readReply('@@n BEGIN\n@@n HOST b 100 0 2f\n@@n APP web 1\n@@n REPORTED\n@@n END 1\n', 'n');
  expect(prune.parse(reply, WEEK).results).toMatchObject([{ error: { code: 'E_UNKNOWN_RESULT' } }]);
});
