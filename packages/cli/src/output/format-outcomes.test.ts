import { expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { type AppOutcome, formatOutcomes } from './format-outcomes.js';

const LAYOUT = { palette: buildPalette(false), width: 0, nowMs: Date.parse('2026-11-22T10:02:00Z') };

const APP: AppOutcome['app'] = {
  app: 'dashboard',
  state: 'running',
  pid: 89398,
  uptimeSeconds: 1,
  restarts: 0,
  cpuPercent: null,
  rssBytes: null,
  ports: [],
  release: null,
  exitCode: null,
  signal: null,
  endedAt: null,
  how: null,
  cause: null,
  endedBy: null,
  changed: true,
};
const STOPPED: AppOutcome['app'] = { ...APP, state: 'stopped', pid: null, how: 'term' };

test('outcomes are aligned over all rows', async () => {
  const outcomes: AppOutcome[] = [
    { host: 'web1', verb: 'start', app: APP },
    { host: 'database', verb: 'start', app: { ...APP, app: 'db', pid: 7, changed: false } },
  ];
  expect(await formatOutcomes(outcomes, LAYOUT)).toBe(
    'web1      dashboard  running          pid 89398\ndatabase  db         already running  pid 7 (unchanged)\n',
  );
});

test.each<[string, Omit<AppOutcome, 'host'>, string]>([
  ['stopped by TERM', { verb: 'stop', app: STOPPED }, 'stopped  (term)'],
  ['stopped by KILL', { verb: 'stop', app: { ...STOPPED, how: 'kill' } }, 'stopped  (kill)'],
  ['stopped before', { verb: 'stop', app: { ...STOPPED, changed: false, how: 'already-stopped' } }, 'already stopped'],
  [
    'ended by itself before',
    { verb: 'stop', app: { ...STOPPED, state: 'exited', exitCode: 3, changed: false, how: 'already-stopped' } },
    'already stopped  exited 3',
  ],
  [
    'unknown here',
    { verb: 'stop', app: { ...STOPPED, state: 'unknown', changed: false, how: null } },
    'unknown  no such app on this host',
  ],
  ['signalled', { verb: 'signal', sent: 'HUP', app: APP }, 'running  pid 89398 (sent HUP)'],
  [
    'killed',
    { verb: 'kill', sent: 'KILL', app: { ...STOPPED, state: 'killed', signal: 'KILL' } },
    'killed  killed by KILL (sent KILL)',
  ],
  ['restarted', { verb: 'restart', app: APP }, 'running  pid 89398'],
])('%s', async (_name, outcome, expected) => {
  expect(await formatOutcomes([{ host: 'w', ...outcome }], LAYOUT)).toBe(`w  dashboard  ${expected}\n`);
});

test('no outcome is no line', async () => {
  expect(await formatOutcomes([], LAYOUT)).toBe('');
});
