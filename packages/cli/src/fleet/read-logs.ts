import {
  type LogChoice,
  type LogStream,
  type LogTail,
  logs,
  type PosixRegExp,
  type SearchedLog,
  searchLogs,
  takeLastLines,
} from '@outlast/core';
import type { HostSession } from './host-session.js';

/** Which lines of which logs are read. */
export interface LogRequest extends LogChoice {
  /** So many of the last ones; undefined for all since the time. */
  readonly lines: number | undefined;
  readonly grep?: PosixRegExp;
}

/** Bytes of a log that belong together, and where they begin. */
export interface LogPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What was read of one log. */
export interface ReadLog {
  readonly app: string;
  readonly stream: LogStream;
  readonly inode: string | null;
  /** Where whoever follows it goes on. */
  readonly end: number;
  readonly pieces: readonly LogPiece[];
  /** More had been asked for than is read at once. */
  readonly isCut: boolean;
}

/** A first guess at the length of a line, and how much more is asked for when it was too short. */
const ASSUMED_LINE_BYTES = 256;
const GROWTH = 8;
const LEAST_BYTES = 4096;
/** What is read of one log when a time alone says how much. */
export const MOST_SINCE_BYTES = 64 * 1024 * 1024;
const MOST_LINES = 9_999_999;

/** How much of a log's end probably holds so many lines. */
function guessBytes(lines: number | undefined): number {
  return lines === undefined ? MOST_SINCE_BYTES : Math.max(LEAST_BYTES, lines * ASSUMED_LINE_BYTES);
}

/** The script that is sent first. */
export function buildReadScript(request: LogRequest, nonce: string): string {
  if (request.grep !== undefined) return searchLogs.build(toSearch(request, false), { nonce });
  return logs.build({ ...request, bytes: guessBytes(request.lines) }, { nonce });
}

/** Reads the lines of each log; `willFollow` leaves out what follows a line that has not ended. */
export async function readLogs(session: HostSession, request: LogRequest, willFollow: boolean): Promise<ReadLog[]> {
  if (request.grep !== undefined) {
    return (await session.run(searchLogs, toSearch(request, willFollow))).map(toReadLog);
  }
  return readLastLines(session, request);
}

function toSearch(request: LogRequest, endedLines: boolean) {
  const { grep, lines = MOST_LINES } = request;
  return { ...request, pattern: grep?.source ?? '', lines, endedLines };
}

function toReadLog({ lines, ...log }: SearchedLog): ReadLog {
  return { ...log, pieces: lines, isCut: false };
}

/** Asks for more only where the first answer held too few lines. */
async function readLastLines(session: HostSession, request: LogRequest): Promise<ReadLog[]> {
  const { lines = Number.POSITIVE_INFINITY } = request;
  const found = new Map<string, ReadLog>();
  let missing: readonly string[] = request.apps;
  for (let bytes = guessBytes(request.lines); ; bytes *= GROWTH) {
    const tails = await session.run(logs, { ...request, apps: missing, bytes });
    const incomplete = new Set<string>();
    for (const tail of tails) {
      const data = takeLastLines(tail, lines);
      const isEnough = data !== undefined || request.lines === undefined;
      if (!isEnough) incomplete.add(tail.app);
      found.set(`${tail.app}:${tail.stream}`, buildReadLog(tail, data ?? dropPartialLine(tail), data === undefined));
    }
    missing = [...incomplete];
    if (missing.length === 0) return [...found.values()];
  }
}

function buildReadLog(tail: LogTail, bytes: Uint8Array, isCut: boolean): ReadLog {
  const { app, stream, inode } = tail;
  const end = tail.offset + tail.data.length;
  return { app, stream, inode, end, pieces: [{ offset: end - bytes.length, bytes }], isCut };
}

function dropPartialLine({ data }: LogTail): Uint8Array {
  return data.subarray(data.indexOf(0x0a) + 1);
}
