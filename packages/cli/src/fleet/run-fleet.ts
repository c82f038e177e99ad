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
  /** Looks at a host that is not begun because too many had failed, or by the answer no; undefined where nothing was seen. */
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
  for (const [index, batch] of splitBatches(hosts, options.serial).entries()) {
    if (index > 0) await comeToNext(batch, outcomes, course);
    const done = await Promise.all(batch.map((host) => limit(() => runOne(host, work, course))));
    for (const outcome of done) outcomes.push(outcome);
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
  course.logins.count(outcome);
  await course.onOutcome?.(outcome);
  return outcome;

  async function skip(error: OutlastError): Promise<Outcome<T>> {
    const mayAsk = !course.interrupt.aborted && !course.logins.spent;
    const value = mayAsk ? await course.lookAtSkipped?.(host) : undefined;
    return { host: name, ok: false, error, reached: false, ...(value !== undefined && { value }) };
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

function splitBatches(hosts: readonly SelectedHost[], serial: HostShare | undefined): SelectedHost[][] {
  const size = serial === undefined ? hosts.length : Math.max(1, resolveHostShare(serial, hosts.length));
  const batches: SelectedHost[][] = [];
  for (let start = 0; start < hosts.length; start += size) batches.push(hosts.slice(start, start + size));
  return batches;
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
