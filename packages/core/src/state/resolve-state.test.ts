import { describe, expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { isLive } from '../model/app.js';
import { buildAppReport, formatTime } from './resolve-state.js';
import { parseReport, type RunFacts } from './run-facts.js';

const captured = parseReport(readCapturedReply(import.meta.url, 'all-states.dash-0.5.12'));
const BY = 'deploy@laptop';

function readApp(app: string, change: Partial<RunFacts> = {}) {
  const facts = captured?.runs.find((run) => run.app === app);
  if (captured === undefined || facts === undefined) throw new Error(`the capture lacks ${app}`);
  return buildAppReport({ ...facts, ...change }, captured.host);
}

describe('from the records of real runs', () => {
  test.each([
    ['starting', { state: 'starting', pid: null, startedAt: null }],
    [
      'running',
      { state: 'running', pid: 55, lastPid: 55, uptimeSeconds: 9, ports: [], rssBytes: 1380352, cpuPercent: 0 },
    ],
    ['paused', { state: 'paused', pid: 210 }],
    ['stopping', { state: 'stopping', pid: 975 }],
    ['restarting', { state: 'restarting', pid: null, lastPid: 896, uptimeSeconds: null, ports: [] }],
    ['exited', { state: 'exited', exitCode: 3, signal: null, endedBy: null, how: null, pid: null, lastPid: 283 }],
    ['done', { state: 'exited', exitCode: 0, signal: null }],
    ['killed', { state: 'killed', exitCode: null, signal: 'KILL', endedBy: null, how: null }],
    ['signalled', { state: 'killed', signal: 'KILL', endedBy: BY, how: null }],
    ['stopped', { state: 'stopped', signal: 'TERM', how: 'term', endedBy: BY }],
    ['forced', { state: 'stopped', signal: 'KILL', how: 'kill', endedBy: BY }],
    ['crash-looping', { state: 'crash-looping', exitCode: 1, restarts: 1 }],
    ['lost', { state: 'lost', exitCode: null, signal: null, endedAt: null, lastPid: 740 }],
    ['rebooted', { state: 'rebooted', exitCode: null, pid: null, lastPid: 791 }],
    ['aborted', { state: 'lost', pid: null, lastPid: null }],
  ])('%s', (app, expected) => {
    expect(readApp(app)).toMatchObject(expected);
  });

  test('a start that was given up does not run, though its supervisor has not noticed yet', () => {
    const supervisor = { liveness: 'S', pid: 4711, start: '1', boot: captured?.host.boot ?? '', rest: ['always'] };
    expect(readApp('aborted', { supervisor })).toMatchObject({ state: 'lost', pid: null });
  });

  test.each([
    ['its own record', ['4711', '123', 'boot', '1795400830', 'by', 'request']],
    ['the claim', ['4711', '123', 'boot', 'request', '1795400830', 'by', '2']],
  ])('where a link to %s says that it was stopped, the time is found behind the process', (_what, stopped) => {
    expect(readApp('stopped', { exit: null, stopped })).toMatchObject({
      state: 'stopped',
      endedAt: '2026-11-23T02:27:10Z',
    });
  });

  test('times are those of the host, in UTC', () => {
    expect(readApp('exited')).toMatchObject({ startedAt: '2026-11-23T02:27:03Z', endedAt: '2026-11-23T02:27:03Z' });
  });

  test('only what runs or is about to counts as live', () => {
    const live = captured?.runs.filter(({ app }) => isLive(readApp(app).state)).map(({ app }) => app);
    expect(live).toEqual(['paused', 'restarting', 'running', 'starting', 'stopping']);
  });
});

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1795400830, '2026-11-23T02:27:10Z'],
  [null, null],
  [Number.NaN, null],
  [1e18, null],
  [Number.POSITIVE_INFINITY, null],
])('%d seconds are written as %j', (seconds, text) => {
  expect(formatTime(seconds)).toBe(text);
});
