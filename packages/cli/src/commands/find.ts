import { type FindOptions, find, type HostProcess, OutlastError, parseAppName } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { formatProcesses } from '../output/format-processes.js';
import { PROCESS_ROWS } from '../output/row-shapes.js';
import { resolveTableWidth } from '../output/table-width.js';
import { askHosts } from './ask-hosts.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { readOwnIdentity } from './own-identity.js';
import { addPatternFlags, buildPattern, type PatternFlags } from './pattern.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface FindFlags extends FleetFlags, PatternFlags {
  readonly app?: string;
}

/** How long a search may take on one host. */
export const FIND_TIMEOUT_MS = 30_000;

/** `outlast find <pattern>` */
export const findVerb: Verb = {
  configure(command) {
    command.argument('[pattern]', 'regular expression over the arguments joined by blanks');
    command.option('--app <app>', 'only processes of this app, all of them without a pattern', parseAppName);
    addPatternFlags(command);
    addFleetFlags(command);
    addRowFlags(command, PROCESS_ROWS);
  },
  async run(context, [text], flags: FindFlags) {
    const options = buildFindOptions(text, flags);
    const plan = await planFleet(context, flags, flags.app === undefined ? [] : [flags.app]);
    const preview = {
      action: `search for ${text ?? `the processes of ${flags.app}`}`,
      buildScript: () => find.build(options, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { palette } = context.output.stdout;
    const width = resolveTableWidth(context.output);
    const { exit } = await askHosts(context, plan, {
      label: 'searching',
      timeoutMs: FIND_TIMEOUT_MS,
      ask: (session) => session.run(find, options),
      toJson: (processes) => ({ processes: processes.map(pickTold) }),
      format: (all) =>
        formatProcesses(
          all.map(({ host, value = [] }) => ({ host, processes: value })),
          { width, header: palette.bold, nowMs: Date.now() },
        ),
      rows: { shape: PROCESS_ROWS, split: (processes) => processes.map((process) => [process]) },
      resolveExit: (all) => resolveFindExit(context, all),
    });
    return exit;
  },
  combineExits(run) {
    const found = run.shards.some(({ exitCode, hosts }) => hosts > 0 && exitCode === EXIT.ok);
    const exit = combineExits(run);
    // One shard's "nothing found" looks like a failure; where every host has answered, it is none.
    return exit === EXIT.failed && run.ok && found ? EXIT.ok : exit;
  },
};

/** As grep has it: nothing found is no error, but no success either. */
export function resolveFindExit(context: Context, outcomes: readonly Outcome<readonly HostProcess[]>[]): number {
  const exit = resolveExit(context, outcomes);
  const found = outcomes.some(({ value = [] }) => value.length > 0);
  return exit === EXIT.ok && !found && outcomes.length > 0 ? EXIT.failed : exit;
}

function buildFindOptions(text: string | undefined, flags: FindFlags): FindOptions {
  if (text === undefined && flags.app === undefined) {
    throw new OutlastError('E_USAGE', "missing required argument 'pattern'", {
      hint: 'what to search for, such as: outlast find streamlit; or --app NAME for the processes of an app',
    });
  }
  const client = readOwnIdentity();
  return {
    pattern: buildPattern(text ?? '', flags),
    ...(flags.app === undefined ? {} : { app: flags.app }),
    ...(client === undefined ? {} : { client }),
  };
}

/** What the JSON tells of a process: its start in ticks is between the verbs of ours. */
function pickTold({ start: _start, ...told }: HostProcess): Omit<HostProcess, 'start'> {
  return told;
}
