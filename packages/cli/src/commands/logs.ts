import { type LogTail, logs, OutlastError } from '@outlast/core';
import { splitLogLines } from '../fleet/log-lines.js';
import type { Outcome } from '../fleet/outcome.js';
import { guessBytes, readLastLines } from '../fleet/read-last-lines.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { createLogPrefixer } from '../output/log-prefix.js';
import { parseAppNames } from './app-names.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags, parseWhole } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { followLogs } from './follow-logs.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';
import type { Verb } from './verb.js';

/** The flags of `logs`. */
export interface LogsFlags extends FleetFlags {
  readonly lines?: number;
  readonly follow?: boolean;
  readonly raw?: boolean;
}

const DEFAULT_LINES = 20;
const LOGS_TIMEOUT_MS = 60_000;

/** `outlast logs [app…]` */
export const logsVerb: Verb = {
  configure(command) {
    command.argument('[app...]', 'names of the apps; none: all');
    command.option('-n, --lines <n>', 'so many of the last lines (20)', parseWhole);
    command.option('-f, --follow', 'go on as lines come; Ctrl-C detaches, and stops nothing');
    command.option('--raw', 'bytes as they are, even on a terminal');
    addFleetFlags(command);
  },
  async run(context, names, flags: LogsFlags) {
    const apps = parseAppNames(names);
    if (flags.follow && flags.json)
      throw new OutlastError('E_USAGE', '--json is one document, and following has no end', { hint: 'use --ndjson' });
    const plan = await planFleet(context, flags, apps);
    const lines = flags.lines ?? DEFAULT_LINES;
    const buildScript = () => logs.build({ apps, bytes: guessBytes(lines) }, { nonce: PREVIEW_NONCE });
    if (await showPreview(context, plan, { action: 'read logs', buildScript })) return 0;
    if (flags.follow) return followLogs(context, plan, { apps, lines, raw: flags.raw === true });
    const outcomes = await runOverHosts<readonly LogTail[]>(context, plan, {
      label: 'reading logs',
      forReader: true,
      timeoutMs: LOGS_TIMEOUT_MS,
      work: async (session) => ({ ok: true, value: await readLastLines(session, apps, lines) }),
      onOutcome: (outcome) => streamOutcome(context, outcome, toJson),
    });
    if (!flags.json && !flags.ndjson) await printTails(context, outcomes, flags.raw === true);
    await reportOutcomes(context, outcomes, { toJson, format: async () => '' });
    return resolveLogsExit(context, outcomes, apps);
  },
};

async function printTails(
  { output }: Context,
  outcomes: readonly Outcome<readonly LogTail[]>[],
  raw: boolean,
): Promise<void> {
  const tails = outcomes.flatMap(({ host, value = [] }) => value.map((tail) => ({ host, ...tail })));
  const escaped = output.stdout.isTerminal && !raw;
  if (tails.length > 1) {
    const prefixer = createLogPrefixer({ sources: tails, palette: output.stdout.palette, escaped });
    for (const tail of tails) {
      await output.bytes(prefixer.push(tail, tail.data));
      await output.bytes(prefixer.end(tail));
    }
    return;
  }
  const decoder = createUtf8Decoder();
  for (const { data } of tails) {
    if (escaped) await output.data(escapeText(decoder.decode(data) + decoder.end()));
    else await output.bytes(data);
  }
}

function toJson(tails: readonly LogTail[]): Readonly<Record<string, unknown>> {
  return {
    lines: tails.flatMap(({ app, data, offset }) =>
      splitLogLines(data, offset).map((line) => ({ app, stream: 'combined', ...line })),
    ),
  };
}

function resolveLogsExit(
  context: Context,
  outcomes: readonly Outcome<readonly LogTail[]>[],
  apps: readonly string[],
): number {
  const code = resolveExit(context, outcomes);
  const known = outcomes.some(({ value = [] }) => value.length > 0);
  if (code !== EXIT.ok || known || apps.length === 0 || outcomes.length === 0) return code;
  context.output.error(`no host asked knows ${apps.join(' or ')}`);
  return EXIT.notRunning;
}
