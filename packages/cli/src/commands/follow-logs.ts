import { type FollowEvent, FollowReader, type LogCursor, OutlastError } from '@outlast/core';
import { followOnce } from '../fleet/follow-once.js';
import type { HostSession } from '../fleet/host-session.js';
import { createLineMatcher, type LineMatcher } from '../fleet/matching-lines.js';
import type { Outcome } from '../fleet/outcome.js';
import { type LogRequest, type ReadLog, readLogs } from '../fleet/read-logs.js';
import { isPassing, waitForRetry } from '../fleet/reconnect.js';
import { labelLog } from '../output/log-prefix.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import type { FleetPlan } from './fleet-plan.js';
import { createFollowPrinter, type FollowPrinter } from './follow-printers.js';
import { noteMissing } from './note-missing-logs.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';

/** What is followed; without names all apps that a host has when it is first asked. */
export interface FollowRequest extends LogRequest {
  readonly raw: boolean;
}

/** So many hosts that are not followed are named while the others go on; all of them are told at the end. */
const MOST_NAMED = 10;

/** Follows logs on all hosts into one stream until Ctrl-C, over lost connections, rotation and restarts. */
export async function followLogs(context: Context, plan: FleetPlan, request: FollowRequest): Promise<number> {
  const { output } = context;
  const detached = new AbortController();
  output.whenClosed.then(() => detached.abort(new OutlastError('E_CONNECTION_LOST', 'nobody reads any more')));
  output.whenBroken.then((error) => detached.abort(error));
  const printer = createFollowPrinter(context, plan, request);
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
  readonly printer: FollowPrinter;
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

async function printRead(printer: FollowPrinter, host: string, read: readonly ReadLog[]): Promise<void> {
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
