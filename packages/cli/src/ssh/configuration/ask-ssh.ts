import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { OutlastError } from '@outlast/core';
import { buildExhaustedError, isExhausted, isExhaustedError } from '../exhaustion.js';
import type { SshOptions, Target } from '../transport.js';
import { parseSshConfigOutput, type RawSettings } from './raw-settings.js';
import { buildReachArgs } from './reach-arguments.js';

// `ssh -G` opens no connection; only a `Match exec` of the user's own can take long.
const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 4 << 20;
const MOST_TRIES = 20;
const RETRY_MS = 500;

/** What `ssh -G` said of one host. */
export interface SshAnswer {
  readonly raw: RawSettings;
  /** The configuration files that it has read, in their order. */
  readonly paths: readonly string[];
  /** The Host lines that it has applied, each as `/etc/ssh/ssh_config line 21`. */
  readonly applied: readonly string[];
}

/** Asks how a host is reached; undefined where there is no `ssh` on PATH. */
export type AskSsh = (target: Target, options: SshOptions) => Promise<SshAnswer | undefined>;

/**
 * Runs `ssh -G` for one host; waits for a while where this laptop has no open file or process left for it.
 *
 * @throws OutlastError `E_CONFIG` with ssh's own message for what ssh refuses.
 */
export async function askSsh(
  target: Target,
  options: SshOptions,
  env: NodeJS.ProcessEnv,
): Promise<SshAnswer | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await runSsh(target, options, env);
    } catch (error) {
      if (tries === MOST_TRIES || !isExhaustedError(error)) throw error;
      // Whichever hosts are done meanwhile give theirs back; not all that wait come again at once.
      await sleep((0.5 + Math.random()) * RETRY_MS);
    }
  }
}

function runSsh(target: Target, options: SshOptions, env: NodeJS.ProcessEnv): Promise<SshAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const how = { env: { ...env, LC_ALL: 'C' }, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
    // With -v it says which files and which of their lines it comes by.
    execFile('ssh', ['-Gv', ...buildReachArgs(target, options)], how, (error, stdout, stderr) => {
      if (error === null) resolve({ raw: parseSshConfigOutput(stdout), ...parseProgress(stderr) });
      else if (error.code === 'ENOENT') resolve(undefined);
      else if (isExhausted(error)) reject(buildExhaustedError(error));
      else reject(buildConfigError(error, stderr));
    });
  });
}

// Only to confirm what we have read ourselves: words that another version puts differently confirm nothing.
function parseProgress(stderr: string): Pick<SshAnswer, 'paths' | 'applied'> {
  const find = (pattern: RegExp): string[] => [...stderr.matchAll(pattern)].map((match) => match[1] ?? '');
  return {
    paths: find(/^debug1: Reading configuration data (.*?)\r?$/gm),
    applied: find(/^debug1: (.* line [0-9]+): Applying options for .*$/gm),
  };
}

function buildConfigError(error: Error & { killed?: boolean }, stderr: string): OutlastError {
  if (error.killed === true) {
    return new OutlastError('E_CONFIG', `ssh -G did not answer within ${TIMEOUT_MS / 1000} s`, {
      hint: 'a "Match exec" of the ssh configuration may hang: run ssh -G with the host by hand',
      cause: error,
    });
  }
  const noise = /^(?:Pseudo-terminal will not|Warning: |debug1: |OpenSSH_)/;
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '' && !noise.test(line));
  return new OutlastError('E_CONFIG', `ssh refuses its configuration: ${lines.join('; ') || error.message}`, {
    hint: 'correct the ssh configuration file, or the flags -F, -l, -i, -J, -o',
    cause: error,
  });
}
