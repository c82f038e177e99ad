import {
  buildFollowScript,
  type FollowEvent,
  FollowReader,
  type LogCursor,
  OutlastError,
  RecordScanner,
} from '@outlast/core';
import { createNonce, type HostSession } from '../fleet/host-session.js';
import { createLineSplitter, type LineSplitter } from '../fleet/log-lines.js';
import type { Outcome } from '../fleet/outcome.js';
import { readLastLines } from '../fleet/read-last-lines.js';
import { isPassing, waitForRetry } from '../fleet/reconnect.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { formatNdjson } from '../output/json.js';
import { createLogPrefixer } from '../output/log-prefix.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import type { FleetPlan } from './fleet-plan.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';

/** What is followed. */
export interface FollowRequest {
  /** None named: all apps that a host has when it is first asked. */
  readonly apps: readonly string[];
  readonly lines: number;
  readonly raw: boolean;
}

/** One script on the host lasts this long; then the next one goes on from where it came to. */
const SCRIPT_SECONDS = 30;
/** The host says something each second: after so much silence the link is dead. */
const SILENCE_MS = 15_000;
/** Follows logs on all hosts into one stream until Ctrl-C, over lost connections, rotation and restarts. */
export async function followLogs(context: Context, plan: FleetPlan, request: FollowRequest): Promise<number> {
  const { output } = context;
  const detached = new AbortController();
  output.whenClosed.then(() => detached.abort(new OutlastError('E_CONNECTION_LOST', 'nobody reads any more')));
  const everywhere = { ...plan, flags: { ...plan.flags, parallel: Math.max(plan.hosts.length, 1) } };
  const printer = createPrinter(context, plan, request);
  const following = { ...context, interrupt: AbortSignal.any([context.interrupt, detached.signal]) };
  const outcomes = await runOverHosts<boolean>(following, everywhere, {
    label: 'following',
    timeoutMs: undefined,
    work: async (session, { target }) => ({
      ok: true,
      value: await followHost(session, target.name, { request, printer, context: following }),
    }),
  });
  if (output.closed) return EXIT.ok;
  return finish(context, outcomes, request);
}

async function finish(
  context: Context,
  outcomes: readonly Outcome<boolean>[],
  { apps }: FollowRequest,
): Promise<number> {
  // What Ctrl-C ended has not failed: that is how following ends.
  const failed = context.interrupt.aborted ? outcomes.filter(({ error }) => !isDetached(error)) : outcomes;
  for (const outcome of failed) if (outcome.ok !== true) await streamOutcome(context, outcome, () => ({}));
  await reportOutcomes(context, failed, { toJson: () => ({}), format: async () => '' });
  const exit = resolveExit(context, outcomes);
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
  const tails = await readLastLines(session, request.apps, request.lines);
  for (const { app, offset, data } of tails) await printer.print(host, { kind: 'data', app, offset, bytes: data });
  let cursors: readonly LogCursor[] = tails.map(({ app, inode, offset, data }) => ({
    app,
    inode,
    offset: offset + data.length,
  }));
  if (cursors.length === 0) return false;
  for (let failures = 0; ; ) {
    const reader = new FollowReader(cursors);
    try {
      await followOnce(session, reader, (event) => printer.print(host, event));
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

async function followOnce(
  session: HostSession,
  reader: FollowReader,
  print: (event: FollowEvent) => Promise<void>,
): Promise<void> {
  const nonce = createNonce();
  const script = buildFollowScript({ cursors: reader.cursors, seconds: SCRIPT_SECONDS }, { nonce });
  const { channel } = await session.openScript(script, nonce);
  const scanner = new RecordScanner(nonce);
  channel.stderr.resume();
  let watchdog = setTimeout(() => channel.close(), SILENCE_MS);
  let complete = false;
  try {
    for await (const chunk of channel.stdout as AsyncIterable<Uint8Array>) {
      clearTimeout(watchdog);
      for (const part of scanner.push(chunk)) {
        if (part.kind === 'record' && part.text.startsWith('END ')) complete = true;
        const event = reader.read(part);
        if (event !== undefined) await print(event);
      }
      if (complete) return;
      watchdog = setTimeout(() => channel.close(), SILENCE_MS);
    }
  } finally {
    clearTimeout(watchdog);
    channel.close();
  }
  throw session.explainSilence(false, { reply: { begun: true, preamble: '' }, end: await channel.ended, stderr: '' });
}

interface Printer {
  print(host: string, event: FollowEvent): Promise<void>;
}

function createPrinter(context: Context, plan: FleetPlan, request: FollowRequest): Printer {
  if (context.output.flags.ndjson) return createEventPrinter(context);
  return plan.hosts.length > 1 || request.apps.length !== 1
    ? createPrefixPrinter(context, plan, request)
    : createPlainPrinter(context, request);
}

/** One JSON object a line of the log. */
function createEventPrinter({ output }: Context): Printer {
  const splitters = new Map<string, LineSplitter>();
  return {
    async print(host, event) {
      if (event.kind !== 'data') {
        await output.data(formatNdjson({ host, app: event.app, event: event.kind }));
        return;
      }
      const { app, bytes, offset } = event;
      const key = `${host}\0${app}`;
      const splitter = splitters.get(key) ?? createLineSplitter();
      splitters.set(key, splitter);
      const lines = splitter
        .push(bytes, offset)
        .map((line) => formatNdjson({ host, app, stream: 'combined', ...line }));
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
      if (event.kind === 'data') await output.bytes(prefixer.push({ host, app: event.app }, event.bytes));
      else noteTruncation(output, host, event);
    },
  };
}

function createPlainPrinter({ output }: Context, { raw }: FollowRequest): Printer {
  const decoder = createUtf8Decoder();
  const escaped = output.stdout.isTerminal && !raw;
  return {
    async print(host, event) {
      if (event.kind !== 'data') noteTruncation(output, host, event);
      else if (escaped) await output.data(escapeText(decoder.decode(event.bytes)));
      else await output.bytes(event.bytes);
    },
  };
}

/** A rotation loses nothing; what a truncation has cut off nobody can bring back. */
function noteTruncation(output: Context['output'], host: string, { kind, app }: FollowEvent): void {
  if (kind === 'truncated') output.warn(`${host}: the log of ${app} was truncated; lines may be missing`);
}
