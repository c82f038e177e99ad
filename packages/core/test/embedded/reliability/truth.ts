import type { AppReport } from '../../../src/model/app.js';
import { isLive } from '../../../src/model/app.js';
import { status } from '../../../src/operations/status.js';
import { type PrivateHost, readProc, waitFor } from '../private-host.js';

/** The pids of the processes that run this very argv on the host. */
export function findProcesses(host: PrivateHost, argv: readonly string[]): number[] {
  return host.pids().filter((pid) => readProc(pid, 'cmdline') === `${argv.join('\0')}\0`);
}

/** Waits until no script of a client is at work any more, nor anything that is about to become an app. */
async function awaitQuiet(host: PrivateHost): Promise<void> {
  await waitFor(() => !host.pids().some(isAtWork), 'no script is at work');
}

function isAtWork(pid: number): boolean {
  const argv = readProc(pid, 'cmdline').split('\0');
  return argv.includes('-s') || argv.includes('launch') || argv.some((word) => word.endsWith('nohup'));
}

/**
 * Compares what `status` says of an app with `/proc`: at most one process of this argv, and it is the recorded one. Resolves to the report.
 *
 * @throws Error with both when they differ, or when a record cannot be read.
 */
export async function checkTruth(host: PrivateHost, app: string, argv: readonly string[]): Promise<AppReport> {
  await awaitQuiet(host);
  const [seen] = await host.operate(status, { apps: [app] });
  const living = findProcesses(host, argv);
  const report = seen?.report;
  if (report === undefined) throw new Error('status says nothing of the app');
  const said = report.pid === null ? [] : [report.pid];
  const truthful =
    String(said) === String(living) && (isLive(report.state) ? living.length === 1 : living.length === 0);
  if (!truthful || report.state === 'corrupt') {
    throw new Error(`status says ${report.state} with pid ${report.pid}, /proc has: ${living.join(' ') || 'none'}`);
  }
  return report;
}
