import { OutlastError } from '@outlast/core';
import { splitLogLines } from '../fleet/log-lines.js';
import type { Outcome } from '../fleet/outcome.js';
import { buildReadScript, type ReadLog, readLogs } from '../fleet/read-logs.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { createLogPrefixer, labelLog } from '../output/log-prefix.js';
import { parseAppNames } from './app-names.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { type FleetPlan, planFleet } from './fleet-plan.js';
import { followLogs } from './follow-logs.js';
import { addLogLineFlags, type LogLineFlags, resolveLogRequest } from './log-flags.js';
import { noteMissing } from './note-missing-logs.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';
import type { Verb } from './verb.js';

/** The flags of `logs`. */
export interface LogsFlags extends FleetFlags, LogLineFlags {
  readonly follow?: boolean;
  readonly raw?: boolean;
}

const LOGS_TIMEOUT_MS = 60_000;

/** `outlast logs [app…]` */
export const logsVerb: Verb = {
  configure(command) {
    command.argument('[app...]', 'names of the apps; none: all');
    addLogLineFlags(command);
    command.option('-f, --follow', 'go on as lines come; Ctrl-C detaches, and stops nothing');
    command.option('--raw', 'bytes as they are, even on a terminal');
    addFleetFlags(command);
  },
  async run(context, names, flags: LogsFlags) {
    const apps = parseAppNames(names);
    if (flags.follow && flags.json)
      throw new OutlastError('E_USAGE', '--json is one document, and following has no end', { hint: 'use --ndjson' });
    const request = resolveLogRequest(apps, flags);
    const plan = await planFleet(context, flags, apps);
    const buildScript = () => buildReadScript(request, PREVIEW_NONCE);
    if (await showPreview(context, plan, { action: 'read logs', buildScript })) return 0;
    if (flags.follow) return followLogs(context, plan, { ...request, raw: flags.raw === true });
    const outcomes = await runOverHosts<readonly ReadLog[]>(context, plan, {
      label: 'reading logs',
      forReader: true,
      timeoutMs: LOGS_TIMEOUT_MS,
      work: async (session, { target }) => {
        const value = await readLogs(session, request, false);
        noteMissing(context, target.name, value);
        return { ok: true, value };
      },
      onOutcome: (outcome) => streamOutcome(context, outcome, toJson),
    });
    if (!flags.json && !flags.ndjson) await printLogs(context, plan, outcomes, flags.raw === true);
    return reportOutcomes(context, outcomes, {
      toJson,
      format: async () => '',
      resolveExit: (all) => resolveLogsExit(context, all, apps),
    });
  },
};

async function printLogs(
  { output, shard }: Context,
  { selected }: FleetPlan,
  outcomes: readonly Outcome<readonly ReadLog[]>[],
  raw: boolean,
): Promise<void> {
  const read = outcomes.flatMap(({ host, value = [] }) =>
    value.map((log) => ({ source: { host, app: labelLog(log) }, pieces: log.pieces })),
  );
  const escaped = output.stdout.isTerminal && !raw;
  // What other machines print beside a shard is not known here.
  if (read.length > 1 || (shard !== undefined && selected > 1)) {
    const sources = read.map(({ source }) => source);
    const prefixer = createLogPrefixer({ sources, palette: output.stdout.palette, escaped });
    for (const { source, pieces } of read) {
      for (const { bytes } of pieces) await output.bytes(prefixer.push(source, bytes));
      await output.bytes(prefixer.end(source));
    }
    return;
  }
  const decoder = createUtf8Decoder();
  for (const { bytes } of read.flatMap(({ pieces }) => pieces)) {
    if (escaped) await output.data(escapeText(decoder.decode(bytes) + decoder.end()));
    else await output.bytes(bytes);
  }
}

function toJson(read: readonly ReadLog[]): Readonly<Record<string, unknown>> {
  return {
    lines: read.flatMap(({ app, stream, pieces }) =>
      pieces.flatMap(({ bytes, offset }) => splitLogLines(bytes, offset)).map((line) => ({ app, stream, ...line })),
    ),
  };
}

/** As of any verb, and 3 when all is well but no host asked knows any of the named apps. */
export function resolveLogsExit(
  context: Context,
  outcomes: readonly Outcome<readonly ReadLog[]>[],
  apps: readonly string[],
): number {
  const code = resolveExit(context, outcomes);
  const known = outcomes.some(({ value = [] }) => value.length > 0);
  if (code !== EXIT.ok || known || apps.length === 0 || outcomes.length === 0) return code;
  context.output.error(`no host asked knows ${apps.join(' or ')}`);
  return EXIT.notRunning;
}
