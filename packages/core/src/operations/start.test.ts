import { expect, test } from 'vitest';
import { CAPTURED_NONCE, readCapture, readCapturedReply, readReply } from '../../test/read-reply.js';
import { DEFAULT_LOG, DEFAULT_RESTART, DEFAULT_STOP, NOT_DEPLOYED } from '../state/app-spec.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { type StartOptions, start } from './start.js';

const OPTIONS: StartOptions = {
  app: 'running',
  spec: {
    argv: ['sleep', '1000'],
    shell: false,
    cwd: '~/a b',
    env: {},
    secretEnv: { TOKEN: 's3cret' },
    hup: 'ignore',
    launcher: 'setsid',
    restart: DEFAULT_RESTART,
    stop: DEFAULT_STOP,
    log: DEFAULT_LOG,
    ...NOT_DEPLOYED,
  },
  request: 'r1',
  by: 'deploy@laptop',
  settleMs: 1250,
};

function parse(name: string) {
  return start.parse(readCapturedReply(import.meta.url, `${name}.dash-0.5.12`), OPTIONS);
}

test('an app that runs is reported as changed', () => {
  const result = parse('start-new');
  expect(result).toMatchObject({
    changed: true,
    report: {
      app: 'running',
      state: 'running',
      pid: 55,
      argv: ['sleep', '1000'],
      startedAt: '2026-11-23T02:27:01Z',
      logPath: '/home/deploy/.local/state/outlast/apps/running/log',
    },
  });
  expect(result.error).toBeUndefined();
});

test('that its end at a logout is not known is told', () => {
  const text = decodeUtf8(readCapture(import.meta.url, 'start-new.dash-0.5.12'));
  const begin = `@@${CAPTURED_NONCE} BEGIN\n`;
  const told = text.replace(begin, `${begin}@@${CAPTURED_NONCE} LOGOUT running unknown\n`);
  expect(start.parse(readReply(told, CAPTURED_NONCE), OPTIONS)).toMatchObject({ changed: true, logoutUnknown: true });
  expect(parse('start-new').logoutUnknown).toBeUndefined();
});

test('an app that runs with another argv is named with its pid and the way on', () => {
  const result = parse('start-already-different');
  expect(result).toMatchObject({ changed: false, report: { state: 'running', pid: 55 } });
  expect(result.error).toMatchObject({ code: 'E_ALREADY_RUNNING', message: expect.stringContaining('55') });
  expect(result.error?.details.hint).toContain('outlast restart running');
});

test('an app that ended at once is told with its code and its last lines', () => {
  const result = parse('start-ended');
  expect(result.report).toMatchObject({ state: 'exited', exitCode: 3 });
  expect(result.error).toMatchObject({
    code: 'E_START_FAILED',
    message: expect.stringContaining('exit code 3'),
    details: { exitCode: 3, signal: null, lastLines: ['no such table'] },
  });
});

test('a folder that is not there is told by its name', () => {
  const result = parse('start-no-folder');
  expect(result).toMatchObject({ changed: false, report: { state: 'unknown' } });
  expect(result.error).toMatchObject({ code: 'E_CWD', message: expect.stringContaining('/srv/not there') });
});

test('a state folder that cannot be trusted is the matter of the whole host', () => {
  expect(() => parse('state-is-a-link')).toThrow(
    expect.objectContaining({
      code: 'E_STATE_DIR',
      message: expect.stringContaining('/home/deploy/xdg/outlast is a symbolic link'),
    }),
  );
});

test.each([
  ['', 'E_PROTOCOL'],
  ['HOST b 100 0 2f', 'E_PROTOCOL'],
  ['ERROR E_SOMETHING_NEW - 78', 'E_PROTOCOL'],
  ['ERROR E_UNSUPPORTED_HOST - 6e6f2061776b', 'E_UNSUPPORTED_HOST'],
])('the answer %j is an error of the host', (line, code) => {
  const reply = readReply(`@@n BEGIN\n@@n ${line}\n@@n END 1\n`, 'n');
  expect(() => start.parse(reply, OPTIONS)).toThrow(expect.objectContaining({ code }));
});

test('the script holds what was asked for, with secrets only in a text of its own, and in what masks them', () => {
  const script = start.build(OPTIONS, { nonce: CAPTURED_NONCE });
  expect(script.startsWith('# outlast: start running\n\n\n:\n')).toBe(true);
  expect(script.endsWith('\noutlast </dev/null\n')).toBe(true);
  expect(script).toContain("request=r1 by='%22deploy%40laptop%22' settle=13\n");
  expect(script.match(/s3cret/g)).toHaveLength(3);
  const masking = script.slice(
    script.indexOf('mask_given() ('),
    script.indexOf('\n  )', script.indexOf('mask_given() (')),
  );
  expect(masking).toContain('s3cret');
  expect(script.split(`<<'END_${CAPTURED_NONCE}'`)[0]).not.toContain('s3cret');
});
