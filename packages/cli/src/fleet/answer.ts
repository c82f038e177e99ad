import { type Operation, OutlastError, RecordScanner, type Reply, ReplyCollector } from '@outlast/core';
import type { ExecChannel, ExecEnd } from '../ssh/transport.js';
import { holdLease, isLeaseOver } from './lease.js';

/** What of stderr is kept for messages. */
const MAX_STDERR = 4096;

/** How a channel ends whose connection is gone. */
const LOST: ExecEnd = { exitCode: null, signal: null };

/** What came of a script before its channel closed. */
export interface Answer {
  readonly reply: Pick<Reply, 'begun' | 'preamble'>;
  readonly end: ExecEnd;
  readonly stderr: string;
  /** What to do where the answer is not whole. */
  readonly hint?: string | undefined;
  /** It had not come to where something is changed, so that nothing was. */
  readonly isHarmless?: boolean | undefined;
}

/** The same with the whole reply. */
export interface ReplyAnswer extends Answer {
  readonly reply: Reply;
}

/** The channel closed without a word of how the shell ended: the link is gone, and the shell may go on. */
export function isCut({ exitCode, signal }: ExecEnd): boolean {
  return exitCode === null && signal === null;
}

/** No answer came, and the host may know of one. */
export function isLost({ reply, end }: ReplyAnswer): boolean {
  return reply.status === undefined && isCut(end);
}

/** How an answer is read. */
export interface ReplyOptions {
  /** Keeps the script alive from its BEGIN on. */
  readonly leased?: boolean | undefined;
  /** Told each line of the script as it comes. */
  onRecord?(text: string): void;
}

/** Reads what a script says, to its END. */
export async function collectReply(
  channel: ExecChannel,
  nonce: string,
  { leased = false, onRecord }: ReplyOptions = {},
): Promise<ReplyAnswer> {
  const scanner = new RecordScanner(nonce);
  const collector = new ReplyCollector();
  const stderr = collectText(channel.stderr);
  let release: (() => void) | undefined;
  try {
    for await (const chunk of channel.stdout) {
      for (const part of scanner.push(chunk as Uint8Array)) {
        collector.add(part);
        if (part.kind === 'record') onRecord?.(part.text);
      }
      if (leased && collector.begun) release ??= holdLease(channel);
      // Our END counts, not the channel's: whatever else holds the streams open may do so for days.
      if (collector.complete)
        return { reply: collector.toReply(), end: { exitCode: 0, signal: null }, stderr: stderr() };
    }
  } finally {
    release?.();
  }
  for (const part of scanner.end()) collector.add(part);
  const end = await channel.ended;
  return { reply: collector.toReply(), end: leased && isLeaseOver(end) ? LOST : end, stderr: stderr() };
}

/** Reads the answer; what was changed by then is not undone by one that makes no sense. */
export function parseReply<Options, Result>(
  operation: Operation<Options, Result>,
  reply: Reply,
  options: Options,
): Result {
  try {
    return operation.parse(reply, options);
  } catch (cause) {
    if (!operation.mutates || !(cause instanceof OutlastError) || cause.code !== 'E_PROTOCOL') throw cause;
    throw new OutlastError('E_UNKNOWN_RESULT', `${cause.message}, so it is not known what was done`, {
      hint: 'see how things stand: outlast status; is the host short of memory or processes?',
      cause,
    });
  }
}

/** Reads a stream to its end and keeps the beginning. */
function collectText(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < MAX_STDERR) text += chunk.toString('utf8').slice(0, MAX_STDERR - text.length);
  });
  return () => text;
}
