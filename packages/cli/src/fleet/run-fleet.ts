import { setTimeout as sleep } from 'node:timers/promises';
import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import type { SelectedHost } from '../inventory/selected-host.js';
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
  /** Failures that are tolerated; the next one stops the run. */
  readonly maxFail?: HostShare;
  /** So many hosts in a row that refuse the same login stop the run. */
  readonly maxAuthFail: number;
  /** Aborting begins no further host. */
  readonly interrupt: AbortSignal;
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
  const budgets: Budgets = {
    failures: createFailureBudget(options.maxFail, hosts.length),
    logins: createLoginBudget(options.maxAuthFail),
  };
  const limit = pLimit(options.parallel);
  const outcomes: Outcome<T>[] = [];
  for (const [index, batch] of splitBatches(hosts, options.serial).entries()) {
    if (index > 0) await pause(options, budgets);
    outcomes.push(...(await Promise.all(batch.map((host) => limit(() => runOne(host, work, options, budgets))))));
  }
  return outcomes;
}

async function runOne<T>(
  host: SelectedHost,
  work: (host: SelectedHost, context: HostContext) => Promise<Finding<T>>,
  options: FleetOptions<T>,
  budgets: Budgets,
): Promise<Outcome<T>> {
  const name = host.target.name;
  const context: HostContext = { reached: false };
  const outcome = findSkip<T>(name, options, budgets) ?? (await attempt());
  budgets.failures.count(outcome.ok !== true);
  budgets.logins.count(outcome);
  await options.onOutcome?.(outcome);
  return outcome;

  async function attempt(): Promise<Outcome<T>> {
    try {
      return { host: name, ...(await work(host, context)), reached: context.reached };
    } catch (thrown) {
      const error =
        thrown instanceof OutlastError ? thrown : new OutlastError('E_INTERNAL', String(thrown), { cause: thrown });
      return { host: name, ok: error.code === 'E_UNKNOWN_RESULT' ? null : false, error, reached: context.reached };
    }
  }
}

/** When there have been too many failures to go on. */
interface Budgets {
  readonly failures: FailureBudget;
  readonly logins: LoginBudget;
}

function findSkip<T>(
  host: string,
  { interrupt, maxAuthFail }: FleetOptions<T>,
  budgets: Budgets,
): Outcome<T> | undefined {
  const skip = (why: string, hint?: string): Outcome<T> => {
    const error = new OutlastError('E_SKIPPED', why, hint === undefined ? {} : { hint });
    return { host, ok: false, error, reached: false };
  };
  if (interrupt.aborted) return skip('the run was interrupted before this host');
  if (budgets.logins.spent) {
    return skip(
      `${maxAuthFail} hosts in a row had refused the same login before this one`,
      'check the user (-l) and the key (-i), then go on with --retry-failed; --max-auth-fail allows more',
    );
  }
  return budgets.failures.spent ? skip('too many hosts had failed before this one') : undefined;
}

function splitBatches(hosts: readonly SelectedHost[], serial: HostShare | undefined): SelectedHost[][] {
  const size = serial === undefined ? hosts.length : Math.max(1, resolveHostShare(serial, hosts.length));
  const batches: SelectedHost[][] = [];
  for (let start = 0; start < hosts.length; start += size) batches.push(hosts.slice(start, start + size));
  return batches;
}

async function pause<T>({ pauseMs, interrupt }: FleetOptions<T>, { failures, logins }: Budgets): Promise<void> {
  if (pauseMs === 0 || interrupt.aborted || failures.spent || logins.spent) return;
  await sleep(pauseMs, undefined, { signal: interrupt }).catch(() => undefined);
}
