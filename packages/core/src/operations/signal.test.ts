import { expect, test } from 'vitest';
import { readCapturedReply, readReply } from '../../test/read-reply.js';
import { type SignalOptions, signal } from './signal.js';

const OPTIONS: SignalOptions = { apps: ['paused', 'ended', 'unknown'], signal: 'STOP', scope: 'main', by: 'a@b' };

test('a signal that went out is told by what it did', () => {
  const results = signal.parse(readCapturedReply(import.meta.url, 'signal-sent.dash-0.5.12'), OPTIONS);
  expect(results).toMatchObject([
    { changed: true, report: { app: 'paused', state: 'paused', pid: 210 } },
    { changed: false, report: { app: 'ended', state: 'exited' }, error: { code: 'E_NOT_RUNNING' } },
    { changed: false, report: { app: 'unknown', state: 'unknown' } },
  ]);
  expect(results.map(({ error }) => error?.message)).toEqual([undefined, expect.stringContaining('exited'), undefined]);
});

test('a signal that the host refused is an error of that app', () => {
  const detail = Buffer.from('STOP').toString('hex');
  const reply = readReply(
    `@@n BEGIN\n@@n ERROR E_SIGNAL_FAILED ended ${detail}\n@@n HOST b 100 0 2f\n@@n APP ended 1\n@@n REPORTED\n@@n END 0\n`,
    'n',
  );
  expect(signal.parse(reply, OPTIONS)).toMatchObject([{ changed: false, error: { code: 'E_SIGNAL_FAILED' } }]);
});

test('the script says what is sent to whom', () => {
  const script = signal.build({ ...OPTIONS, signal: 'RTMIN+2', scope: 'tree' }, { nonce: 'n' });
  expect(script).toContain("signal=RTMIN+2 scope=tree by='%22a%40b%22' request=");
  expect(script).toContain('for name in paused ended unknown; do signal_app "$name"; done\n');
});

test.each([
  [
    'restarting',
    '@@n CLAIM web - 5 60 b r 1795000000 x\n@@n SUPERVISOR web S 8 70 b always\n@@n PID web - 9 71 b 1795000000 0\n',
    true,
  ],
  [
    'killed',
    '@@n CLAIM web - 5 60 b r 1795000000 x\n@@n PID web - 9 71 b 1795000000 0\n@@n EXIT web signal 9 1795000009 0 ended\n',
    false,
  ],
])(
  'an app whose process ended of it is %s, and so it is told whether it comes again',
  (state, records, startsAgain) => {
    const head = '@@n BEGIN\n@@n SIGNALLED web ended\n@@n HOST b 100 1795000010 2f\n@@n APP web 1\n';
    const reply = readReply(`${head}${records}@@n REPORTED\n@@n END 0\n`, 'n');
    expect(signal.parse(reply, { ...OPTIONS, apps: ['web'] })).toMatchObject([
      { changed: true, startsAgain, report: { state } },
    ]);
  },
);
