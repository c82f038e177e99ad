import { find, OutlastError, quoteForMessage } from '@outlast/core';
import { formatProcesses } from '../output/format-processes.js';
import { askHosts } from './ask-hosts.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import type { Verb } from './verb.js';

interface FindFlags extends FleetFlags {
  readonly ignoreCase?: boolean;
  readonly fixedString?: boolean;
}

const FIND_TIMEOUT_MS = 30_000;

/** `outlast find <pattern>` */
export const findVerb: Verb = {
  configure(command) {
    command.argument('<pattern>', 'regular expression over the arguments joined by blanks');
    command.option('--ignore-case', 'upper and lower case alike');
    command.option('--fixed-string', 'the pattern is plain text');
    addFleetFlags(command);
  },
  async run(context, [text = ''], flags: FindFlags) {
    const pattern = buildPattern(text, flags);
    const plan = await planFleet(context, flags);
    const preview = {
      action: `search for ${text}`,
      buildScript: () => find.build({ pattern }, { nonce: PREVIEW_NONCE }),
    };
    if (await showPreview(context, plan, preview)) return 0;
    const { width, palette } = context.output.stdout;
    const outcomes = await askHosts(context, plan, {
      label: 'searching',
      timeoutMs: FIND_TIMEOUT_MS,
      ask: (session) => session.run(find, { pattern }),
      toJson: (processes) => ({ processes }),
      format: (all) =>
        formatProcesses(
          all.map(({ host, value = [] }) => ({ host, processes: value })),
          { width, header: palette.bold },
        ),
    });
    const exit = resolveExit(context, outcomes);
    // As grep has it: nothing found is no error, but no success either.
    const found = outcomes.some(({ value = [] }) => value.length > 0);
    return exit === EXIT.ok && !found && outcomes.length > 0 ? EXIT.failed : exit;
  },
};

function buildPattern(text: string, { ignoreCase, fixedString }: FindFlags): RegExp {
  const source = fixedString ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : text;
  try {
    return new RegExp(source, ignoreCase ? 'iu' : 'u');
  } catch (cause) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a regular expression`, {
      cause,
      hint: 'for plain text add --fixed-string',
    });
  }
}
