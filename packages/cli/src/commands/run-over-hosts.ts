import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { OutlastError } from '@outlast/core';
import { startCallLimit } from '../fleet/call-limit.js';
import { DEFAULT_MAX_AUTH_FAIL } from '../fleet/defaults.js';
import { createGarbageCollector } from '../fleet/garbage.js';
import { HostSession } from '../fleet/host-session.js';
import { classifyOutcome, type Finding, type Outcome, UNREAD } from '../fleet/outcome.js';
import { type HostContext, runFleet } from '../fleet/run-fleet.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { foldHosts } from '../output/fold-hosts.js';
import { formatHost } from '../output/format-host.js';
import { startProgress } from '../output/spinner.js';
import { isCode } from '../ssh/connect-errors.js';
import type { Prompter } from '../ssh/transport.js';
import { createTransports, type Transports } from '../ssh/transports.js';
import type { Context } from './context.js';
import { resolveSshOptions } from './flags.js';
import { chooseTransport, type FleetPlan } from './fleet-plan.js';
import { planParallel } from './plan-parallel.js';

/** So long a host that is skipped may take to say what it has, in milliseconds. */
const LOOK_TIMEOUT_MS = 30_000;

/** What one verb does with each host. */
export interface HostWork<T> {
  /** What the spinner says: `stopping dashboard`. */
  readonly label: string;
  /** True for what is done only to be read: it ends when nobody reads any more, as with `| head`, or nobody can, as on a full disk. */
  readonly forReader?: boolean;
  /** True for what does not end by itself: all hosts are under way at once. */
  readonly atOnce?: boolean;
  /** How long one host may take when `--timeout` says nothing, in milliseconds; undefined for as long as it takes. */
  readonly timeoutMs: number | undefined;
  /** `note` says what is being done with the host at this moment, to whoever watches. */
  work(session: HostSession, host: SelectedHost, note: (text: string) => void): Promise<Finding<T>>;
  /** As that of `runFleet`. */
  lookAtSkipped?(session: HostSession): Promise<T | undefined>;
  /** Told each outcome as soon as it is known. */
  onOutcome?(outcome: Outcome<T>): void | Promise<void>;
}

/** Does the work on all hosts of the plan, with a spinner that counts them and names the slow ones, and remembers which of them failed. */
export async function runOverHosts<T>(context: Context, plan: FleetPlan, job: HostWork<T>): Promise<Outcome<T>[]> {
  const { flags, hosts } = plan;
  const { output, prompter, env } = context;
  const { atOnce = false } = job;
  const parallel = await planParallel(context, plan, atOnce);
  const looking = new AsyncLocalStorage<true>();
  const transports = createTransports({
    sshOptions: resolveSshOptions(flags),
    prompter: {
      // A host that is only looked at is worth no question.
      get interactive() {
        return prompter.interactive && looking.getStore() === undefined;
      },
      confirm: (question) => prompter.confirm(question),
      secret: (question) => prompter.secret(question),
    },
    env,
    memoryFile: join(plan.clientFolder, 'connections.json'),
    warn: (text) => output.warn(text),
  });
  const unread = new AbortController();
  if (job.forReader) {
    output.whenClosed.then(() => unread.abort(UNREAD));
    output.whenBroken.then((error) => unread.abort(error));
  }
  const interrupt = AbortSignal.any([context.interrupt, unread.signal]);
  // Each host that is under way listens to it.
  setMaxListeners(0, interrupt);
  const collectGarbage = createGarbageCollector();
  // What cannot be told is still done, and remembered.
  let untold: OutlastError | undefined;
  const tell = async (outcome: Outcome<T>): Promise<void> => {
    try {
      await job.onOutcome?.(outcome);
    } catch (error) {
      if (!isCode(error, 'E_OUTPUT')) throw error;
      untold = error;
    }
  };
  const surroundings = { transports, interrupt, plan };
  const { lookAtSkipped } = job;
  const progress = startProgress(output, job.label, hosts.length, { term: env.TERM });
  try {
    const outcomes = await runFleet<T>(
      hosts,
      (host, hostContext) => {
        // What does not end by itself is not slow.
        if (!atOnce) progress.begin(host.target.name);
        const note = (text: string) => progress.note(host.target.name, text);
        return workOn(host, { ...surroundings, hostContext, timeoutMs: flags.timeout ?? job.timeoutMs }, (session) =>
          job.work(session, host, note),
        );
      },
      {
        parallel,
        pauseMs: flags.pause ?? 0,
        onPause: progress.pause,
        interrupt,
        ...(flags.serial === undefined || atOnce ? {} : { serial: flags.serial }),
        ...(flags.ask ? { confirmBatch: (next, done) => askForBatch(prompter, next, done) } : {}),
        ...(lookAtSkipped && {
          lookAtSkipped: (host) => {
            const timeoutMs = Math.min(flags.timeout ?? LOOK_TIMEOUT_MS, LOOK_TIMEOUT_MS);
            const environment = { ...surroundings, hostContext: { reached: false }, timeoutMs };
            return looking.run(true, () => workOn(host, environment, lookAtSkipped));
          },
        }),
        maxAuthFail: flags.maxAuthFail ?? DEFAULT_MAX_AUTH_FAIL,
        ...(flags.maxFail === undefined ? {} : { maxFail: flags.maxFail }),
        onOutcome: (outcome) => {
          progress.end(outcome.host, isFailure(outcome));
          collectGarbage();
          return tell(outcome);
        },
      },
    );
    // A run over no host, as where there was nothing to retry, is not to make those forgotten that failed before.
    if (outcomes.length > 0) await plan.lastRun.save(context.verb, outcomes).catch(() => undefined);
    if (untold !== undefined) throw untold;
    return outcomes;
  } finally {
    progress.stop();
    await transports.close();
  }
}

/** Says how the batches before went, and which hosts come next. */
function askForBatch(
  prompter: Prompter,
  next: readonly SelectedHost[],
  done: readonly Outcome<unknown>[],
): Promise<boolean> {
  const failed = done.filter(({ ok }) => ok !== true).length;
  const so = failed === 0 ? 'all ok' : `${failed} not ok`;
  const names = foldHosts(next.map(({ target }) => formatHost(target.name))).join(',');
  return prompter.confirm(`${done.length} done, ${so}. Go on with ${names}? (yes/no)`);
}

/** What was not begun has not failed. */
function isFailure(outcome: Outcome<unknown>): boolean {
  return !['ok', 'skipped'].includes(classifyOutcome(outcome));
}

interface WorkEnvironment {
  readonly transports: Transports;
  readonly interrupt: AbortSignal;
  readonly plan: FleetPlan;
  readonly hostContext: HostContext;
  readonly timeoutMs: number | undefined;
}

async function workOn<T>(
  host: SelectedHost,
  { transports, interrupt, plan, hostContext, timeoutMs }: WorkEnvironment,
  work: (session: HostSession) => Promise<T>,
): Promise<T> {
  const limit = startCallLimit([interrupt], { ms: timeoutMs, flag: '--timeout' });
  try {
    const session = new HostSession({
      transport: await transports.get(chooseTransport(plan, host)),
      target: host.target,
      connectTimeoutMs: plan.flags.connectTimeout,
      retries: plan.flags.retry ?? 0,
      signal: limit.signal,
      context: hostContext,
    });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  } finally {
    limit.end();
  }
}
