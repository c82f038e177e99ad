import {
  type LogSince,
  OutlastError,
  type PosixRegExp,
  parseDuration,
  parsePosixRegExp,
  quoteForMessage,
} from '@outlast/core';
import type { Command } from 'commander';
import type { LogRequest } from '../fleet/read-logs.js';
import { parseWhole } from './flags.js';

/** The flags of `logs` that say which lines are shown. */
export interface LogLineFlags {
  readonly lines?: number;
  readonly since?: LogSince;
  readonly grep?: PosixRegExp;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
}

const DEFAULT_LINES = 20;

/** Declares the flags that say which lines are shown. */
export function addLogLineFlags(command: Command): void {
  command
    .option('-n, --lines <n>', 'so many of the last lines (20; with --since all since then)', parseWhole)
    .option(
      '--since <time>',
      'from that long ago, such as 15m, or from a time such as 2026-11-22T10:00:00Z',
      parseSince,
    )
    .option('--grep <regexp>', 'only lines that match a POSIX extended regular expression, as grep -E', parseGrep)
    .option('--stdout', 'only what went to stdout, of an app started with --log-split')
    .option('--stderr', 'only what went to stderr, of an app started with --log-split');
}

/** Which lines of which apps the flags ask for. */
export function resolveLogRequest(apps: readonly string[], flags: LogLineFlags): LogRequest {
  const { since, grep, stdout, stderr } = flags;
  // Both together are what is shown without either.
  const stream = stdout === stderr ? undefined : stdout ? 'stdout' : 'stderr';
  return {
    apps,
    lines: flags.lines ?? (since === undefined ? DEFAULT_LINES : undefined),
    ...(stream && { stream }),
    ...(since && { since }),
    ...(grep && { grep }),
  };
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?)?$/;

/** Reads a duration, or a time as ISO 8601 has it, in the laptop's zone where it names none. */
function parseSince(text: string): LogSince {
  const [, date, time = '00:00', zone = ''] = TIME.exec(text) ?? [];
  if (date === undefined) return { agoSeconds: Math.ceil(parseAgo(text) / 1000) };
  const milliseconds = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(milliseconds) || milliseconds < 0) throw createSinceError(text);
  return { epochSeconds: Math.floor(milliseconds / 1000) };
}

function parseAgo(text: string): number {
  if (/^\d{4}-/.test(text)) throw createSinceError(text);
  return parseDuration(text);
}

function createSinceError(text: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(text)} is no time of the calendar`, {
    hint: 'write 15m for a quarter of an hour ago, or a time such as 2026-11-22T10:00:00Z',
  });
}

function parseGrep(text: string): PosixRegExp {
  return parsePosixRegExp(text, (characters) => Buffer.from(characters, 'utf8').toString('latin1'));
}
