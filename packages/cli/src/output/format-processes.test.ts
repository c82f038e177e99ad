import type { HostProcess } from '@outlast/core';
import { expect, test } from 'vitest';
import { formatProcesses } from './format-processes.js';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const PROCESS: HostProcess = {
  pid: 42,
  ppid: 1,
  user: 'deploy',
  argv: ['sh', '-c', 'two\nlines'],
  startedAt: '2024-03-01T12:00:00Z',
  start: '17',
  tty: null,
  cpuSeconds: 0,
  cpuPercent: 0,
  rssBytes: 0,
  app: null,
};

async function show(process: Partial<HostProcess>): Promise<string[]> {
  const table = await formatProcesses([{ host: 'web1', processes: [{ ...PROCESS, ...process }] }], { nowMs: NOW });
  return table.split('\n')[1]?.split(/ {2,}/) ?? [];
}

test.each<[Partial<HostProcess>, number, string]>([
  [{ startedAt: '2024-03-01T12:00:00Z' }, 5, '2024'],
  [{ startedAt: '2026-11-03T12:00:00Z' }, 5, 'Nov03'],
  [{ startedAt: null }, 5, '?'],
  [{ tty: null }, 6, '?'],
  [{ tty: 'pts/3' }, 6, 'pts/3'],
  [{ cpuSeconds: 3661 }, 7, '01:01:01'],
  [{ cpuSeconds: 90_061 }, 7, '1-01:01:01'],
  [{ cpuPercent: 12.9 }, 4, '12'],
  [{ cpuPercent: 399 }, 4, '99'],
  [{ app: 'web' }, 8, 'web'],
  [{}, 9, 'sh -c two\\nlines'],
])('%j is shown as ps has it', async (process, column, expected) => {
  expect((await show(process))[column]).toBe(expected);
});

test('of today the time of day is shown', async () => {
  const now = new Date(NOW);
  const clock = [now.getHours(), now.getMinutes()].map((number) => String(number).padStart(2, '0')).join(':');
  expect((await show({ startedAt: now.toISOString() }))[5]).toBe(clock);
});
