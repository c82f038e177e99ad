import { type AppReport, OutlastError, wait } from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';
import type { Outcome } from '../fleet/outcome.js';
import { ANSWER_SECONDS, waitForEnd } from '../fleet/wait-for-end.js';
import type { MergedRun } from '../merge/merged-run.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { parseAppNames } from './app-names.js';
import { askHosts } from './ask-hosts.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { EXIT, resolveKnownExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { formatReports } from './format-reports.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import { SIGNAL_NUMBERS } from './signal-numbers.js';
import type { Verb } from './verb.js';

/** `outlast wait <app…>` */
export const waitVerb: Verb = {
  configure(command) {
    command.argument('<app...>', 'names of the apps');
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, names, flags: FleetFlags) {
    const apps = parseAppNames(names);
    const plan = await planFleet(context, flags, apps);
    const action = `wait for ${apps.join(' ')}`;
    const buildScript = () =>
      apps.map((app) => wait.build({ app, seconds: ANSWER_SECONDS }, { nonce: PREVIEW_NONCE })).join('');
    if (await showPreview(context, plan, { action, buildScript })) return 0;
    const { exit } = await askHosts(context, plan, {
      label: `waiting for ${apps.join(' ')}`,
      timeoutMs: undefined,
      ask: (session) => waitForAll(session, apps, { interrupt: context.interrupt, timeoutMs: flags.timeout }),
      toJson: (reports) => ({ apps: reports.map((report) => ({ ...report, changed: false })) }),
      format: (all) => formatReports(context, all),
      rows: { shape: CHANGED_APP_ROWS, split: (reports) => reports.map((report) => [report]) },
      resolveExit: (all) => resolveWaitExit(context, all, plan.selected === 1),
    });
    return exit;
  },
  combineExits: combineWaitExits,
};

/** One app after another: it is over when all of them have ended. */
async function waitForAll(
  session: HostSession,
  apps: readonly string[],
  { interrupt, timeoutMs = 0 }: { readonly interrupt: AbortSignal; readonly timeoutMs: number | undefined },
): Promise<readonly AppReport[]> {
  const reports: AppReport[] = [];
  for (const app of apps) {
    try {
      reports.push(...(await waitForEnd(session, app, interrupt)));
    } catch (error) {
      throw isTimeout(error) ? createStillThereError(app, timeoutMs, error) : error;
    }
  }
  return reports;
}

function isTimeout(error: unknown): error is OutlastError {
  return error instanceof OutlastError && error.code === 'E_TIMEOUT';
}

function createStillThereError(app: string, timeoutMs: number, cause: OutlastError): OutlastError {
  return new OutlastError('E_TIMEOUT', `${app} was not seen to end within ${timeoutMs / 1000} s`, {
    hint: `the app is not touched by that; see: outlast status ${app}`,
    cause,
  });
}

/** The end of one app on a single host is passed through, a signal as shells do it: 128 and its number. */
export function resolveWaitExit(
  context: Context,
  outcomes: readonly Outcome<readonly AppReport[]>[],
  single: boolean,
): number {
  const code = resolveKnownExit(context, outcomes);
  const reports = outcomes.flatMap(({ value = [] }) => value);
  // Whatever else went wrong, what a script has to know is that it may have to wait again.
  if ((code === EXIT.failed || code === EXIT.unreachable) && outcomes.some(({ error }) => isTimeout(error)))
    return EXIT.timedOut;
  if (code !== EXIT.ok) return code;
  const [report] = reports;
  if (single && reports.length === 1 && report !== undefined) return resolveAppExit(report);
  return reports.every((each) => resolveAppExit(each) === EXIT.ok) ? EXIT.ok : EXIT.failed;
}

function combineWaitExits(run: MergedRun): number {
  const exit = combineExits(run);
  const codes = run.shards.map(({ exitCode }) => exitCode);
  if (exit === EXIT.interrupted || exit === EXIT.notRunning) return exit;
  if (codes.includes(EXIT.timedOut)) return EXIT.timedOut;
  // Where some hosts know the app, those that do not have not seen it end well.
  if (exit === EXIT.ok && codes.includes(EXIT.notRunning)) return EXIT.failed;
  const [first, ...others] = run.outcomes.flatMap(({ apps }) => (apps as AppEnd[] | undefined) ?? []);
  const single = run.ok && run.outcomes.length === 1 && others.length === 0;
  return exit === EXIT.failed && single && first !== undefined ? resolveAppExit(first) : exit;
}

type AppEnd = Pick<AppReport, 'exitCode' | 'signal'>;

function resolveAppExit({ exitCode, signal }: AppEnd): number {
  if (exitCode !== null) return exitCode;
  return signal === null ? EXIT.failed : 128 + (SIGNAL_NUMBERS.get(signal) ?? 0);
}
