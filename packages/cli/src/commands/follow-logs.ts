import {
  buildFollowScript,
  type FollowEvent,
  FollowReader,
  type LogCursor,
  OutlastError,
  RecordScanner,
} from '@outlast/core';
import { createNonce, type HostSession, type ScriptChannel } from '../fleet/host-session.js';
import { holdLease, isLeaseOver } from '../fleet/lease.js';
import { createLineSplitter, type LineSplitter } from '../fleet/log-lines.js';
import { createLineMatcher, type LineMatcher } from '../fleet/matching-lines.js';
import type { Outcome } from '../fleet/outcome.js';
import { type LogRequest, type ReadLog, readLogs } from '../fleet/read-logs.js';
import { isPassing, waitForRetry } from '../fleet/reconnect.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { formatBytes } from '../output/format-bytes.js';
import { formatNdjson } from '../output/json.js';
import { createLogPrefixer, labelLog } from '../output/log-prefix.js';
import type { ExecEnd } from '../ssh/transport.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import type { FleetPlan } from './fleet-plan.js';
import { noteMissing } from './note-missing-logs.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';

/** What is followed; without names all apps that a host has when it is first asked. */
export interface FollowRequest extends LogRequest {
  readonly raw: boolean;
}

/** One script on the host lasts this long; then the next one goes on from where it came to. */
const SCRIPT_SECONDS = 30;
/** The host says something each second: after so much silence the link is dead. */
const SILENCE_MS = 15_000;
/** So many hosts that are not followed are named while the others go on; all of them are told at the end. */
const MOST_NAMED = 10;

/** Follows logs on all hosts into one stream until Ctrl-C, over lost connections, rotation and restarts. */
export async function followLogs(context: Context, plan: FleetPlan, request: FollowRequest): Promise<number> {
  const { output } = context;
  const detached = new AbortController();
  output.whenClosed.then(() => detached.abort(new OutlastError('E_CONNECTION_LOST', 'nobody reads any more')));
  const printer = createPrinter(context, plan, request);
  const told = new Set<string>();
  const following = { ...context, interrupt: AbortSignal.any([context.interrupt, detached.signal]) };
  const outcomes = await runOverHosts<boolean>(following, plan, {
    label: 'following',
    atOnce: true,
    timeoutMs: undefined,
    work: async (session, { target }) => ({
      ok: true,
      value: await followHost(session, target.name, { request, printer, context: following }),
    }),
    onOutcome: async (outcome) => {
      if (plan.hosts.length > 1 && !following.interrupt.aborted) await tellNotFollowed(context, outcome, told);
    },
  });
  if (output.closed) return EXIT.ok;
  return finish(context, outcomes, { request, told });
}

/** The end may be far away, and whoever reads along has to know whose lines are missing. */
async function tellNotFollowed(context: Context, outcome: Outcome<boolean>, told: Set<string>): Promise<void> {
  if (outcome.ok === true) return;
  told.add(outcome.host);
  await streamOutcome(context, outcome, () => ({}));
  if (context.output.flags.ndjson || told.size > MOST_NAMED) return;
  const more = told.size === MOST_NAMED ? '; further ones are told at the end' : '';
  context.output.note(`${outcome.host} is not followed: ${outcome.error?.message}${more}`);
}

interface Ending {
  readonly request: FollowRequest;
  /** Whose outcomes stand in the stream already. */
  readonly told: ReadonlySet<string>;
}

async function finish(
  context: Context,
  outcomes: readonly Outcome<boolean>[],
  { request: { apps }, told }: Ending,
): Promise<number> {
  // What Ctrl-C ended has not failed: that is how following ends.
  const failed = context.interrupt.aborted ? outcomes.filter(({ error }) => !isDetached(error)) : outcomes;
  for (const outcome of failed)
    if (outcome.ok !== true && !told.has(outcome.host)) await streamOutcome(context, outcome, () => ({}));
  const exit = await reportOutcomes(context, failed, {
    toJson: () => ({}),
    format: async () => '',
    counts: failed.length === outcomes.length,
    resolveExit: () => resolveExit(context, outcomes),
  });
  if (exit !== EXIT.ok) return exit;
  context.output.error(apps.length > 0 ? `no host asked knows ${apps.join(' or ')}` : 'no host asked has an app');
  return EXIT.notRunning;
}

function isDetached(error: OutlastError | undefined): boolean {
  return error?.code === 'E_UNKNOWN_RESULT' || error?.code === 'E_SKIPPED';
}

interface Following {
  readonly request: FollowRequest;
  readonly printer: Printer;
  readonly context: Context;
}

/** Follows one host; resolves only when there is nothing to follow there. */
async function followHost(
  session: HostSession,
  host: string,
  { request, printer, context }: Following,
): Promise<boolean> {
  const read = await readLogs(session, request, true);
  noteMissing(context, host, read);
  await printRead(printer, host, read);
  let cursors: readonly LogCursor[] = read.map(({ app, stream, inode, end }) => ({ app, stream, inode, offset: end }));
  const print = createFilter(request, (event) => printer.print(host, event));
  if (cursors.length === 0) return false;
  for (let failures = 0; ; ) {
    const reader = new FollowReader(cursors);
    try {
      await followOnce(session, reader, print);
      failures = 0;
    } catch (error) {
      if (context.interrupt.aborted || !isPassing(error)) throw error;
      if (failures === 0) context.output.note(`${host}: ${error.message}; trying again until it is back`);
      failures++;
      await session.close();
      await waitForRetry(failures, context.interrupt);
    }
    cursors = reader.cursors;
  }
}

async function printRead(printer: Printer, host: string, read: readonly ReadLog[]): Promise<void> {
  for (const { app, stream, pieces } of read) {
    for (const piece of pieces) await printer.print(host, { kind: 'data', app, stream, ...piece });
  }
}

type Print = (event: FollowEvent) => Promise<void>;

/** Lets only lines through that match, where that is asked for. */
function createFilter({ grep }: FollowRequest, print: Print): Print {
  if (grep === undefined) return print;
  const matchers = new Map<string, LineMatcher>();
  return async (event) => {
    if (event.kind !== 'data') return print(event);
    const key = labelLog(event);
    const matcher = matchers.get(key) ?? createLineMatcher(grep.byteRegExp);
    matchers.set(key, matcher);
    for (const piece of matcher.push(event.bytes, event.offset)) await print({ ...event, ...piece });
  };
}

async function followOnce(session: HostSession, reader: FollowReader, print: Print): Promise<void> {
  const nonce = createNonce();
  const script = buildFollowScript({ cursors: reader.cursors, seconds: SCRIPT_SECONDS }, { nonce });
  const { channel } = await openOrGiveUp(session, script, nonce);
  const scanner = new RecordScanner(nonce);
  channel.stderr.resume();
  let watchdog = setTimeout(() => channel.close(), SILENCE_MS);
  let complete = false;
  let release: (() => void) | undefined;
  let end: ExecEnd;
  try {
    for await (const chunk of channel.stdout as AsyncIterable<Uint8Array>) {
      clearTimeout(watchdog);
      for (const part of scanner.push(chunk)) {
        if (part.kind === 'record') release ??= holdLease(channel);
        if (part.kind === 'record' && part.text.startsWith('END ')) complete = true;
        const event = reader.read(part);
        if (event !== undefined) await print(event);
      }
      if (complete) return;
      watchdog = setTimeout(() => channel.close(), SILENCE_MS);
    }
    end = await channel.ended;
  } finally {
    clearTimeout(watchdog);
    release?.();
    channel.close();
  }
  if (isLeaseOver(end)) return waitForRetry(0, session.signal);
  throw session.explainSilence(false, { reply: { begun: true, preamble: '' }, end, stderr: '' });
}

/** Opens the channel of a script; over a link that has gone silent by then it would wait for three keepalives. */
async function openOrGiveUp(session: HostSession, script: string, nonce: string): Promise<ScriptChannel> {
  const watchdog = session.isConnected ? setTimeout(() => void session.close(), SILENCE_MS) : undefined;
  try {
    return await session.openScript(script, nonce, true);
  } finally {
    clearTimeout(watchdog);
  }
}

interface Printer {
  print(host: string, event: FollowEvent): Promise<void>;
}

function createPrinter(context: Context, plan: FleetPlan, request: FollowRequest): Printer {
  if (context.output.flags.ndjson) return createEventPrinter(context);
  const prefixed = createPrefixPrinter(context, plan, request);
  if (plan.selected > 1 || request.apps.length !== 1) return prefixed;
  const plain = createPlainPrinter(context, request);
  // Two streams of one app are told apart, too.
  const isOne = (event: FollowEvent) => event.stream === 'combined' || request.stream !== undefined;
  return { print: (host, event) => (isOne(event) ? plain : prefixed).print(host, event) };
}

/** One JSON object a line of the log. */
function createEventPrinter({ output }: Context): Printer {
  const splitters = new Map<string, LineSplitter>();
  return {
    async print(host, event) {
      if (event.kind !== 'data') {
        const { kind, ...source } = event;
        await output.data(formatNdjson({ host, ...source, event: kind }));
        return;
      }
      const { app, stream, bytes, offset } = event;
      const key = `${host}\0${labelLog(event)}`;
      const splitter = splitters.get(key) ?? createLineSplitter();
      splitters.set(key, splitter);
      const lines = splitter.push(bytes, offset).map((line) => formatNdjson({ host, app, stream, ...line }));
      await output.data(lines.join(''));
    },
  };
}

function createPrefixPrinter({ output }: Context, { hosts }: FleetPlan, { apps, raw }: FollowRequest): Printer {
  const sources = hosts.flatMap(({ target }) => apps.map((app) => ({ host: target.name, app })));
  const prefixer = createLogPrefixer({
    sources,
    palette: output.stdout.palette,
    escaped: output.stdout.isTerminal && !raw,
  });
  return {
    async print(host, event) {
      if (event.kind === 'data') await output.bytes(prefixer.push({ host, app: labelLog(event) }, event.bytes));
      else noteLoss(output, host, event);
    },
  };
}

function createPlainPrinter({ output }: Context, { raw }: FollowRequest): Printer {
  const decoder = createUtf8Decoder();
  const escaped = output.stdout.isTerminal && !raw;
  return {
    async print(host, event) {
      if (event.kind !== 'data') noteLoss(output, host, event);
      else if (escaped) await output.data(escapeText(decoder.decode(event.bytes)));
      else await output.bytes(event.bytes);
    },
  };
}

/** A rotation loses nothing; what a truncation has cut off, or was dropped with its archive, nobody can bring back. */
function noteLoss(output: Context['output'], host: string, event: FollowEvent): void {
  const log = `the log of ${labelLog(event)}`;
  if (event.kind === 'replaced')
    output.warn(`${host}: ${log} was replaced, and the old one is not beside it; its last lines may be missing`);
  if (event.kind === 'truncated') output.warn(`${host}: ${log} was truncated; lines may be missing`);
  if (event.kind === 'gap')
    output.warn(
      `${host}: ${formatBytes(event.missing)} of ${log} were dropped before they could be read; keep more archives`,
    );
}
