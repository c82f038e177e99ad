import { describe, expect, test } from 'vitest';
import { buildPalette } from './colors.js';
import { type AppFacts, formatEnding } from './describe-app.js';
import { formatStatus, type StatusFacts } from './format-status.js';

const NOW = Date.parse('2026-11-22T10:02:00Z');
const PLAIN = { palette: buildPalette(false), width: 0, nowMs: NOW };

const RUNNING: StatusFacts = {
  app: 'dashboard',
  state: 'running',
  pid: 89398,
  uptimeSeconds: 61,
  restarts: 0,
  cpuPercent: 1.5,
  rssBytes: 52_428_800,
  ports: [8501],
  release: null,
  exitCode: null,
  signal: null,
  endedAt: null,
  how: null,
  cause: null,
  endedBy: null,
  startedAt: '2026-11-22T10:00:59Z',
  argv: ['streamlit', 'run', 'my app.py'],
  cwd: null,
  logPath: '/home/ann/.local/state/outlast/apps/dashboard/log',
};
const ENDED: StatusFacts = {
  ...RUNNING,
  pid: null,
  uptimeSeconds: null,
  cpuPercent: null,
  rssBytes: null,
  ports: [],
  endedAt: '2026-11-22T10:00:00Z',
};

describe('the table of status', () => {
  test('shows what runs, and leaves out columns that nobody fills', async () => {
    expect(await formatStatus([{ host: 'web1', apps: [RUNNING] }], PLAIN)).toBe(
      [
        'HOST  APP        STATE      PID  UPTIME   CPU    MEM  RESTARTS  PORTS',
        'web1  dashboard  running  89398   1m 1s  1.5%  50.0M         0  8501\n',
      ].join('\n'),
    );
  });

  test('shows how apps ended, and releases where there are any', async () => {
    const apps: StatusFacts[] = [
      { ...RUNNING, app: 'api', ports: [80, 443], release: 'r2' },
      { ...ENDED, app: 'job', state: 'exited', exitCode: 3 },
    ];
    expect(await formatStatus([{ host: 'web1', apps }], PLAIN)).toBe(
      [
        'HOST  APP  STATE      PID  UPTIME   CPU    MEM  RESTARTS  PORTS   RELEASE  ENDED',
        'web1  api  running  89398   1m 1s  1.5%  50.0M         0  80,443  r2',
        'web1  job  exited       -       -     -      -         0  -                exited 3, 2m ago\n',
      ].join('\n'),
    );
  });

  test('shows all that is known when it is to be wide', async () => {
    const [head = '', row = ''] = (
      await formatStatus([{ host: 'web1', apps: [RUNNING] }], { ...PLAIN, wide: true })
    ).split('\n');
    expect(head).toMatch(/ PORTS {2}STARTED +CWD {2}LOG +ARGV$/);
    expect(row).toMatch(/ 8501 +2026-11-22T10:00:59Z {2}~ {4}\/home\/ann\/\S+\/log {2}streamlit run 'my app.py'$/);
  });

  test('tells no ports from ports that cannot be seen', async () => {
    const text = await formatStatus([{ host: 'a', apps: [{ ...RUNNING, ports: null }] }], PLAIN);
    expect(text.trimEnd()).toMatch(/ {2}\?$/);
  });

  test('escapes what comes from the host', async () => {
    const text = await formatStatus(
      [{ host: 'a', apps: [{ ...RUNNING, app: 'x\x1b[2J', release: 'r\u202e' }] }],
      PLAIN,
    );
    expect(text).toContain('x\\x1b[2J');
    expect(text).toContain('r\\u202e');
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test('is empty without apps', async () => {
    expect(await formatStatus([{ host: 'web1', apps: [] }], PLAIN)).toBe('');
  });

  test('colours the state', async () => {
    const palette = buildPalette(true);
    const text = await formatStatus([{ host: 'web1', apps: [RUNNING] }], { ...PLAIN, palette });
    expect(text).toContain(palette.green('running'));
  });
});

test.each<[Partial<AppFacts>, string]>([
  [{ state: 'exited', exitCode: 0 }, 'exited 0, 2m ago'],
  [{ state: 'killed', signal: 'KILL' }, 'killed by KILL 2m ago'],
  [{ state: 'killed', signal: 'KILL', endedBy: 'ann@laptop' }, 'killed by KILL sent by ann@laptop 2m ago'],
  [{ state: 'stopped', how: 'term' }, 'stopped (term) 2m ago'],
  [{ state: 'stopped', how: 'kill', endedBy: 'ann@laptop' }, 'stopped (kill) by ann@laptop 2m ago'],
  [{ state: 'stopped', endedAt: null }, 'stopped'],
  [{ state: 'lost', endedAt: null }, 'gone, nobody saw how'],
  [{ state: 'rebooted' }, 'the host restarted'],
  [{ state: 'crash-looping', exitCode: 1 }, 'gave up: exited 1 2m ago'],
  [{ state: 'exited', exitCode: null, endedAt: null }, 'exited ?'],
])('%j ended so: %s', (facts, expected) => {
  expect(formatEnding({ ...ENDED, ...facts }, NOW)).toBe(expected);
});
