import { LONGEST_DURATION_MS, OutlastError } from '@outlast/core';
import { DEFAULT_MAX_AUTH_FAIL } from '../fleet/defaults.js';
import { parseBatchSize, parseHostShare } from '../fleet/failure-budget.js';
import { chooseParallel } from '../fleet/parallel.js';
import type { FleetOptions as RunFleetOptions } from '../fleet/run-fleet.js';
import type { Prompter } from '../ssh/transport.js';
import type { TransportName } from '../ssh/transports.js';

/** How hosts are reached: as `ssh` would, by the user's own ssh configuration, with these on top. */
export interface HostOptions {
  /** The ssh configuration file in place of the user's and the system's: `ssh -F`. */
  readonly configFile?: string | undefined;
  /** For hosts that name none: `ssh -l`. */
  readonly user?: string | undefined;
  /** Tried before the configured ones, `~` being the home folder: `ssh -i`. */
  readonly identityFiles?: readonly string[] | undefined;
  /** Jump hosts, comma separated, nearest to us first: `ssh -J`. */
  readonly jump?: string | undefined;
  /** More of the ssh configuration, each as `Key=value`: `ssh -o`. */
  readonly sshOptions?: readonly string[] | undefined;
  /** `ssh2` unless given; `openssh` starts the `ssh` program. */
  readonly transport?: TransportName | undefined;
  /** First dial to authenticated, in milliseconds; the ConnectTimeout of ssh, else 10 s, unless given. */
  readonly connectTimeoutMs?: number | undefined;
  /** So many times more a connection is tried that fails in a way that may pass, each with a time of its own; 0 unless given. */
  readonly retries?: number | undefined;
  /** Answers ssh's questions: host keys, passphrases, passwords. Unless given nobody is asked, and what needs an answer fails. */
  readonly prompter?: Prompter | undefined;
  /** In which `ssh` and ProxyCommands run, and SSH_AUTH_SOCK is looked up; `process.env` unless given. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** The file in which it is remembered how hosts are reached in fewer round trips; unless given only for as long as the program runs. */
  readonly memoryFile?: string | undefined;
  /** Who acts, as the hosts keep it; `user@laptop` unless given. */
  readonly by?: string | undefined;
  /** Told what is worth knowing and no error; unless given nobody is. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** What one call may take. */
export interface CallOptions {
  /** In milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Aborting gives up what is under way. Of what changes a host, it is not known then whether it was done. */
  readonly signal?: AbortSignal | undefined;
}

/** How a fleet is gone through; each as the flag of that name. */
export interface RunOptions extends CallOptions {
  /** Hosts at the same time, as far as files may be open for them; 32 a processor, and at most 128, unless given. */
  readonly parallel?: number | undefined;
  /** One batch of so many hosts after another: 2, or `25%` of them. */
  readonly serial?: number | `${number}%` | undefined;
  /** Between two batches, in milliseconds. */
  readonly pauseMs?: number | undefined;
  /** Failures that are tolerated, 2, or `25%` of the hosts; the next one stops the run. Unless given nothing does. */
  readonly maxFail?: number | `${number}%` | undefined;
  /** So many hosts in a row that refuse the same login stop the run, before one of them bans this machine; 10 unless given. */
  readonly maxAuthFail?: number | undefined;
}

/** How the hosts of a fleet are reached and gone through. `timeoutMs` is for all that is done with one host in one run. */
export interface FleetOptions extends HostOptions, RunOptions {
  /** Keeps each host's connection open for the next run, until the fleet is closed; one that has died is made anew. */
  readonly keep?: boolean | undefined;
}

/**
 * Checks how a fleet is gone through, and fills in what was left out.
 *
 * @throws OutlastError `E_USAGE`
 */
export function resolveRunOptions(options: RunOptions): Omit<RunFleetOptions<never>, 'interrupt' | 'onOutcome'> {
  const { parallel = chooseParallel(), pauseMs = 0, maxAuthFail = DEFAULT_MAX_AUTH_FAIL, serial, maxFail } = options;
  checkCount('parallel', parallel);
  checkCount('maxAuthFail', maxAuthFail);
  checkMilliseconds('pauseMs', pauseMs);
  checkMilliseconds('timeoutMs', options.timeoutMs);
  return {
    parallel,
    pauseMs,
    maxAuthFail,
    ...(serial === undefined ? {} : { serial: parseBatchSize(String(serial)) }),
    ...(maxFail === undefined ? {} : { maxFail: parseHostShare(String(maxFail)) }),
  };
}

/**
 * Checks a time that may be given: a timer of more than its range would fire at once.
 *
 * @throws OutlastError `E_USAGE`
 */
export function checkMilliseconds(name: string, ms: number | undefined): void {
  if (ms === undefined || (ms >= 0 && ms <= LONGEST_DURATION_MS)) return;
  throw new OutlastError('E_USAGE', `${name} is not a number of milliseconds from 0 to 7 days: ${ms}`);
}

function checkCount(name: string, count: number): void {
  if (Number.isSafeInteger(count) && count > 0) return;
  throw new OutlastError('E_USAGE', `${name} is not a whole number from 1 on: ${count}`);
}
