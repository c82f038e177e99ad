import { expect, test } from 'vitest';
import { CAPTURED_NONCE, readCapture, readCapturedReply, readReply } from '../../test/read-reply.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { buildAppReport } from './resolve-state.js';
import { parseReport, type RunFacts } from './run-facts.js';

const CAPTURE = 'all-states.dash-0.5.12';
const report = parseReport(readCapturedReply(import.meta.url, CAPTURE));

function factsOf(app: string): RunFacts | undefined {
  return report?.runs.find((facts) => facts.app === app);
}

test('what the host says of itself is read', () => {
  expect(report?.host).toEqual({
    boot: '7d0a2c1e-5b7f-4c11-9a53-0e6f4b2d8c90',
    ticksPerSecond: 100,
    now: 1795400830,
    stateDir: '/home/deploy/.local/state/outlast',
  });
});

test('the records of a running app are read as they are', () => {
  expect(factsOf('running')).toEqual({
    app: 'running',
    run: 1,
    claim: expect.objectContaining({ liveness: null, pid: 30 }),
    supervisor: expect.objectContaining({ liveness: 'S', pid: 51, rest: ['no'] }),
    process: {
      liveness: 'S',
      pid: 55,
      start: '419157',
      boot: '7d0a2c1e-5b7f-4c11-9a53-0e6f4b2d8c90',
      rest: ['1795400821', '0'],
    },
    damaged: null,
    aborted: false,
    stop: null,
    stopped: null,
    signalled: null,
    waiting: false,
    exit: null,
    spec: expect.objectContaining({
      argv: ['sleep', '1000'],
      cwd: '~',
      env: { GREETING: 'two\nlines 🚀' },
      secretEnv: { TOKEN: '********' },
    }),
    usage: {
      uptimeSeconds: expect.closeTo(8.93),
      rssBytes: 1380352,
      cpu: { seconds: 0, withinSeconds: expect.closeTo(8.93) },
    },
    ports: [],
    release: null,
    beside: null,
    port: null,
  });
});

test('an end is read without the room that was kept for it', () => {
  expect(factsOf('crash-looping')?.exit).toEqual(['code', '1', '1795400828', '1', 'gave-up']);
});

test('a launch that was given up has no process', () => {
  expect(factsOf('aborted')).toMatchObject({ aborted: true, process: null, spec: null });
});

test('an answer that breaks off before its report has none', () => {
  expect(parseReport(readReply(`@@n BEGIN\n@@n ERROR E_STATE_DIR - 78\n@@n END 1\n`, 'n'))).toBeUndefined();
});

const WORST = [
  '',
  '-',
  '-1',
  '1e400',
  '99999999999999999999',
  '9999999999999999',
  'NaN',
  '0x10',
  '%',
  '\u0000',
  'a b c',
  '__proto__',
];
const LINES = decodeUtf8(readCapture(import.meta.url, CAPTURE)).split('\n');

test.each(WORST)('a record with %j in the place of any word is read without harm', (word) => {
  for (const [at, line] of LINES.entries()) {
    const words = line.split(' ');
    for (let index = 3; index < words.length; index++) {
      const damaged = words.with(index, word).join(' ');
      expectFiniteReports(LINES.with(at, damaged).join('\n'));
    }
  }
});

test('a record that breaks off anywhere is read without harm', () => {
  for (const [at, line] of LINES.entries()) {
    const cut = line.slice(0, `@@${CAPTURED_NONCE} `.length + Math.floor((line.length * (at % 7)) / 7));
    expectFiniteReports(LINES.with(at, cut).join('\n'));
  }
});

function expectFiniteReports(text: string): void {
  const damaged = parseReport(readReply(text, CAPTURED_NONCE));
  for (const facts of damaged?.runs ?? []) {
    const values = Object.values(buildAppReport(facts, (damaged as NonNullable<typeof damaged>).host)).flat();
    if (values.some((value) => value === undefined || Number.isNaN(value) || value === Number.POSITIVE_INFINITY)) {
      expect(facts).toBe('free of what is no number');
    }
  }
}
