import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { buildExhaustedError, isExhausted } from './exhaustion.js';

/**
 * Starts `/bin/sh` and waits until it runs. Where there is no room for pipes, Node gives a child that has no streams at all,
 * whose `error` comes later and ends the program if nobody listens by then.
 *
 * @throws OutlastError `E_CONNECT_UNREACHABLE` where this machine has no files or processes left; otherwise what spawning failed with.
 */
export async function spawnShell(args: readonly string[], options: SpawnOptions): Promise<ChildProcess> {
  try {
    const child = spawn('/bin/sh', args, options);
    await once(child, 'spawn');
    return child;
  } catch (error) {
    throw isExhausted(error) ? buildExhaustedError(error) : error;
  }
}
