import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { status } from './status.js';

test('a server is told with its port and its memory', () => {
  const [seen] = status.parse(readCapturedReply(import.meta.url, 'status-server.dash-0.5.12'), { apps: ['server'] });
  expect(seen?.report).toMatchObject({ app: 'server', state: 'running', ports: [8501], rssBytes: 9_969_664 });
});

test('an app that the host does not know is unknown', () => {
  const [seen] = status.parse(readCapturedReply(import.meta.url, 'status-unknown.dash-0.5.12'), { apps: ['web'] });
  expect(seen?.report).toMatchObject({ app: 'web', state: 'unknown', pid: null, argv: null, logPath: null });
});

test('named apps are looked at, or else all', () => {
  expect(status.build({ apps: ['web', 'worker'] }, { nonce: 'n' })).toContain("\napps='web worker'\nreport $apps\n");
  expect(status.build({ apps: [] }, { nonce: 'n' })).toContain('\nlist_apps\nreport $apps\n');
});
