import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { wait } from './wait.js';

test('the answer is the report of the app, whatever came of it', () => {
  const reply = readCapturedReply(import.meta.url, 'status-unknown.dash-0.5.12');
  expect(wait.parse(reply, { app: 'web', seconds: 60 })).toMatchObject([{ app: 'web', state: 'unknown' }]);
  const killed = readCapturedReply(import.meta.url, 'wait-killed.dash-0.5.12');
  expect(wait.parse(killed, { app: 'web', seconds: 60 })).toMatchObject([
    { app: 'web', state: 'killed', signal: 'KILL', endedBy: 'deploy@laptop', lastPid: 17284, pid: null },
  ]);
});

test('the host does not wait for longer than it was told', () => {
  expect(wait.build({ app: 'web', seconds: 60 }, { nonce: 'n' })).toContain('deadline=$((clock + 600))');
});
