import { setTimeout as sleep } from 'node:timers/promises';
import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import type { SelectedHost } from '../inventory/selected-host.js';
import { isCode } from '../ssh/connect-errors.js';
import { createFailureBudget, type FailureBudget, type HostShare, resolveHostShare } from './failure-budget.js';
import { createLoginBudget, type LoginBudget } from './login-budget.js';
import type { Finding, Outcome } from './outcome.js';

/** How a fleet is gone through. */
export interface FleetOptions<T> {
  /** Hosts at the same time. */
  readonly parallel: number;
  /** One batch of so many hosts after another. */
  readonly serial?: HostShare;
  /** Between two batches, in milliseconds. */
  readonly pauseMs: number;
  /** Told as a pause begins. */
  onPause?(ms: number): void;
  /** Asked before each further batch; false skips it and all that follow. */
  confirmBatch?(next: readonly SelectedHost[], done: readonly Outcome<T>[]): Promise<boolean>;
  /** Failures that are tolerated; the next one stops the run. */
  readonly maxFail?: HostShare;
  /** So many hosts in a row that refuse the same login stop the run. */
  readonly maxAuthFail: number;
  /** Aborting begins no further host. */
  readonly interrupt: AbortSignal;
  /** Looks at a host that is not begun because too many had failed, or by the answer no; undefined where nothing was seen. What it throws is not told. */
  lookAtSkipped?(host: SelectedHost): Promise<T | undefined>;
  /** Told each outcome as soon as it is known. */
  onOutcome?(outcome: Outcome<T>): void | Promise<void>;
}

/** What the work on one host is given; it says whether the host was reached, even when it throws afterwards. */
export interface HostContext {
  reached: boolean;
}

/**
 * Does `work` on every host, so many at a time, and gives one outcome a host in the order of the hosts. One host's failure never stops
 * the others, unless the failure budget says so.
 */
export async function runFleet<T>(
  hosts: readonly SelectedHost[],
  work: (host: SelectedHost, context: HostContext) => Promise<Finding<T>>,
  options: FleetOptions<T>,
): Promise<Outcome<T>[]> {
  const course: Course<T> = {
    ...options,
    failures: createFailureBudget(options.maxFail, hosts.length),
    logins: createLoginBudget(options.maxAuthFail),
    declined: false,
  };
  const limit = pLimit(options.parallel);
  const outcomes: Outcome<T>[] = [];
  const size = resolveBatchSize(options.serial, hosts.length);
  for (let batch = hosts.slice(0, size); batch.length > 0; ) {
    const done = await Promise.all(batch.map((host) => limit(() => runOne(host, work, course))));
    for (const outcome of done) outcomes.push(outcome);
    const rest = hosts.slice(outcomes.length);
    const next = rest.slice(0, size);
    if (next.length > 0) await comeToNext(next, outcomes, course);
    // Those that are not begun have no order any more.
    batch = findStop(course) === undefined ? next : rest;
  }
  return outcomes;
}

/** How a run is to go, and what decides whether it goes on. */
interface Course<T> extends FleetOptions<T> {
  readonly failures: FailureBudget;
  readonly logins: LoginBudget;
  declined: boolean;
}

async function runOne<T>(
  host: SelectedHost,
  work: (host: SelectedHost, context: HostContext) => Promise<Finding<T>>,
  course: Course<T>,
): Promise<Outcome<T>> {
  const name = host.target.name;
  const stop = findStop(course);
  const outcome = stop === undefined ? await attempt() : await skip(stop);
  course.failures.count(outcome.ok !== true);
  if (stop === undefined) course.logins.count(outcome);
  await course.onOutcome?.(outcome);
  return outcome;

  async function skip(error: OutlastError): Promise<Outcome<T>> {
    const skipped = { host: name, ok: false, error, reached: false };
    if (course.interrupt.aborted || course.logins.spent) return skipped;
    try {
      const value = await course.lookAtSkipped?.(host);
      return value === undefined ? skipped : { ...skipped, value };
    } catch (thrown) {
      // A login that is refused counts, whatever it was for.
      if (thrown instanceof OutlastError) course.logins.count({ ...skipped, error: thrown });
      return skipped;
    }
  }

  async function attempt(): Promise<Outcome<T>> {
    const context: HostContext = { reached: false };
    try {
      return { host: name, ...(await work(host, context)), reached: context.reached };
    } catch (thrown) {
      const error =
        thrown instanceof OutlastError ? thrown : new OutlastError('E_INTERNAL', String(thrown), { cause: thrown });
      return { host: name, ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, error, reached: context.reached };
    }
  }
}

/** Why no further host is begun; undefined while the run goes on. */
function findStop<T>({ interrupt, maxAuthFail, logins, failures, declined }: Course<T>): OutlastError | undefined {
  if (interrupt.aborted) {
    const isBroken = isCode(interrupt.reason, 'E_OUTPUT');
    const what = isBroken ? 'nothing could be printed any more' : 'the run was interrupted';
    return new OutlastError('E_SKIPPED', `${what} before this host`);
  }
  if (logins.spent) {
    return new OutlastError('E_SKIPPED', `${maxAuthFail} hosts in a row had refused the same login before this one`, {
      hint: 'check the user (-l) and the key (-i), then go on with --retry-failed; --max-auth-fail allows more',
    });
  }
  if (failures.spent) {
    return new OutlastError('E_SKIPPED', 'more hosts than are tolerated had failed before this one', {
      hint: 'mend what is wrong there, then go on with --retry-failed; --max-fail tolerates more',
    });
  }
  if (declined) return new OutlastError('E_SKIPPED', 'the run was ended by the answer no before this host');
  return undefined;
}

/** How many hosts are one batch. */
function resolveBatchSize(serial: HostShare | undefined, hosts: number): number {
  return serial === undefined ? hosts : Math.max(1, resolveHostShare(serial, hosts));
}

/** Lets the pause pass and asks, if that is wanted and the run goes on at all. */
async function comeToNext<T>(
  batch: readonly SelectedHost[],
  done: readonly Outcome<T>[],
  course: Course<T>,
): Promise<void> {
  const { pauseMs, interrupt, confirmBatch } = course;
  if (findStop(course) !== undefined) return;
  if (pauseMs > 0) {
    course.onPause?.(pauseMs);
    await sleep(pauseMs, undefined, { signal: interrupt }).catch(() => undefined);
  }
  if (confirmBatch === undefined || interrupt.aborted) return;
  course.declined = !(await confirmBatch(batch, done));
}
