import type { AppReport, DeathCause } from '@outlast/core';
import { escapeCell } from './escape-terminal.js';
import { formatAge } from './format-duration.js';

/** What people are told about an app: the part of the app object of the JSON that is printed in words. */
export type AppFacts = Pick<
  AppReport,
  | 'app'
  | 'state'
  | 'pid'
  | 'uptimeSeconds'
  | 'restarts'
  | 'cpuPercent'
  | 'rssBytes'
  | 'ports'
  | 'release'
  | 'exitCode'
  | 'signal'
  | 'endedAt'
  | 'how'
  | 'endedBy'
  | 'cause'
>;

/** Describes how an app ended: `exited 3, 2m ago`, `killed by KILL 5s ago`; empty for one that has not ended. */
export function formatEnding(app: AppFacts, nowMs: number): string {
  const age = app.endedAt === null ? '' : formatAge(app.endedAt, nowMs);
  const by = app.endedBy === null ? '' : `by ${escapeCell(app.endedBy)}`;
  switch (app.state) {
    case 'exited':
      return joinWords(formatExit(app) + (age && ','), age);
    case 'killed':
      return joinWords(formatKill(app), app.cause === null ? by && `sent ${by}` : CAUSES[app.cause], age);
    case 'stopped':
      return joinWords('stopped', app.how && `(${escapeCell(app.how)})`, by, age);
    case 'lost':
      return joinWords(`gone, nobody saw how${age && ','}`, age);
    case 'rebooted':
      return 'the host restarted';
    case 'corrupt':
      return 'a record of it is damaged: see outlast inspect';
    case 'crash-looping':
      return joinWords('gave up:', app.signal === null ? formatExit(app) : formatKill(app), age);
    default:
      return '';
  }
}

const CAUSES: Readonly<Record<DeathCause, string>> = {
  oom: 'for want of memory',
  logout: 'with its login session',
};

/** Joins words with spaces, leaving out those that are empty or absent. */
export function joinWords(...words: readonly (string | null)[]): string {
  return words.filter((word) => word !== null && word !== '').join(' ');
}

function formatExit({ exitCode }: AppFacts): string {
  return `exited ${exitCode ?? '?'}`;
}

function formatKill({ signal }: AppFacts): string {
  return `killed by ${escapeCell(signal ?? '?')}`;
}
