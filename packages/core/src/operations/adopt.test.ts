import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { adopt } from './adopt.js';

const OPTIONS = { app: 'web', pid: 22773, start: null, request: 'r1', by: 'deploy@laptop' };
const parse = (name: string) => adopt.parse(readCapturedReply(import.meta.url, `${name}.dash-0.5.12`), OPTIONS);

test('an adopted process is a running app with what the host has read of it', () => {
  const result = parse('adopt-new');
  expect(result).toMatchObject({
    changed: true,
    report: { app: 'web', state: 'running', pid: 22773, argv: ['sleep', '1000'], cwd: '/srv', restarts: 0 },
  });
  expect(result.error).toBeUndefined();
});

test('the same process again is no change, and no error', () => {
  const result = parse('adopt-same');
  expect(result).toMatchObject({ changed: false, report: { state: 'running', pid: 22773 } });
  expect(result.error).toBeUndefined();
});

test('another process under the name of an app that runs is an error that names its pid', () => {
  expect(parse('adopt-other')).toMatchObject({
    changed: false,
    error: { code: 'E_ALREADY_RUNNING', message: expect.stringContaining('pid 22773') },
  });
});

test('what the host refuses is told in its words', () => {
  expect(parse('adopt-self')).toMatchObject({
    changed: false,
    error: { code: 'E_ADOPT_REFUSED', message: 'not adopted: pid 22698 carries this very connection' },
  });
});
