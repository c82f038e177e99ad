import { join } from 'node:path';
import { DEFAULT_MAX_AUTH_FAIL, DEFAULT_PARALLEL } from '../fleet/defaults.js';
import { HostSession } from '../fleet/host-session.js';
import { type Finding, type Outcome, UNREAD } from '../fleet/outcome.js';
import { runFleet } from '../fleet/run-fleet.js';
import { createTimeLimit } from '../fleet/time-limit.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import { startProgress } from '../output/spinner.js';
import { createTransports, type Transports } from '../ssh/transports.js';
import type { Context } from './context.js';
import { resolveSshOptions } from './flags.js';
import { chooseTransport, type FleetPlan } from './fleet-plan.js';

/** What one verb does with each host. */
export interface HostWork<T> {
  /** What the spinner says: `stopping dashboard`. */
  readonly label: string;
  /** True for what is done only to be read: it ends when nobody reads any more, as with `| head`. */
  readonly forReader?: boolean;
  /** How long one host may take when `--timeout` says nothing, in milliseconds; undefined for as long as it takes. */
  readonly timeoutMs: number | undefined;
  work(session: HostSession, host: SelectedHost): Promise<Finding<T>>;
  /** Told each outcome as soon as it is known. */
  onOutcome?(outcome: Outcome<T>): void | Promise<void>;
}

/** Does the work on all hosts of the plan, with a spinner that counts them, and remembers which of them failed. */
export async function runOverHosts<T>(context: Context, plan: FleetPlan, job: HostWork<T>): Promise<Outcome<T>[]> {
  const { flags, hosts } = plan;
  const { output, prompter, env } = context;
  const transports = createTransports({
    sshOptions: resolveSshOptions(flags),
    prompter,
    env,
    memoryFile: join(plan.clientFolder, 'connections.json'),
    warn: (text) => output.warn(text),
  });
  const unread = new AbortController();
  if (job.forReader) output.whenClosed.then(() => unread.abort(UNREAD));
  const interrupt = AbortSignal.any([context.interrupt, unread.signal]);
  const progress = startProgress(output, job.label, hosts.length, { term: env.TERM });
  let done = 0;
  try {
    const outcomes = await runFleet<T>(
      hosts,
      (host, hostContext) => workOn(host, { transports, hostContext, interrupt, plan, job }),
      {
        parallel: flags.parallel ?? DEFAULT_PARALLEL,
        pauseMs: flags.pause ?? 0,
        interrupt,
        ...(flags.serial === undefined ? {} : { serial: flags.serial }),
        maxAuthFail: flags.maxAuthFail ?? DEFAULT_MAX_AUTH_FAIL,
        ...(flags.maxFail === undefined ? {} : { maxFail: flags.maxFail }),
        onOutcome: (outcome) => {
          progress.update(++done);
          return job.onOutcome?.(outcome);
        },
      },
    );
    await plan.lastRun.save(context.verb, outcomes).catch(() => undefined);
    return outcomes;
  } finally {
    progress.stop();
    await transports.close();
  }
}

interface WorkEnvironment<T> {
  readonly transports: Transports;
  readonly hostContext: { reached: boolean };
  readonly interrupt: AbortSignal;
  readonly plan: FleetPlan;
  readonly job: HostWork<T>;
}

async function workOn<T>(
  host: SelectedHost,
  { transports, hostContext, interrupt, plan, job }: WorkEnvironment<T>,
): Promise<Finding<T>> {
  const limit = createTimeLimit(plan.flags.timeout ?? job.timeoutMs);
  const session = new HostSession({
    transport: await transports.get(chooseTransport(plan, host)),
    target: host.target,
    connectTimeoutMs: plan.flags.connectTimeout,
    signal: AbortSignal.any([interrupt, limit.signal]),
    context: hostContext,
  });
  try {
    return await job.work(session, host);
  } finally {
    limit.end();
    await session.close();
  }
}
