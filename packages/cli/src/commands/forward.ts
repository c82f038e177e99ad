import { inspect, OutlastError, parseAppName, parsePort } from '@outlast/core';
import type { Command } from 'commander';
import { askAppPort } from '../fleet/app-port.js';
import { forwardPort } from '../fleet/forward-port.js';
import type { HostSession } from '../fleet/host-session.js';
import type { Outcome } from '../fleet/outcome.js';
import { escapeCell } from '../output/escape-terminal.js';
import { formatHost } from '../output/format-host.js';
import { formatNdjson } from '../output/json.js';
import { openInBrowser } from '../output/open-in-browser.js';
import { isForwardingForbidden } from '../ssh/channel-errors.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { type FleetPlan, planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { runOverHosts } from './run-over-hosts.js';
import type { Verb } from './verb.js';

interface ForwardFlags extends FleetFlags {
  readonly port?: number;
  readonly localPort?: number;
  readonly browser?: boolean;
  readonly path?: string;
}

/** `outlast forward <app>` */
export const forwardVerb: Verb = {
  configure: configureForward,
  run: (context, args, flags: ForwardFlags) => forward(context, args, flags, async () => undefined),
};

/** `outlast open <app>` */
export const openVerb: Verb = {
  configure(command) {
    configureForward(command);
    command.option('--path <path>', 'of the page, such as /admin', parsePagePath);
    command.option('--no-browser', 'print the address, and open nothing');
  },
  run: (context, args, flags: ForwardFlags) =>
    forward(context, args, flags, async (url) => {
      if (flags.browser === false) return;
      const problem = await openInBrowser(url, context.env);
      if (problem !== undefined) context.output.note(`No browser could be opened (${problem}): open ${url}`);
    }),
};

function configureForward(command: Command): void {
  command.argument('<app>', 'name of the app');
  command.option('--port <n>', 'port on the host, in place of the one that the app listens on', parsePort);
  command.option('--local-port <n>', 'port on this laptop (the same if it is free)', parsePort);
  addFleetFlags(command);
}

/** Forwards until Ctrl-C, which is how it ends well. */
async function forward(
  context: Context,
  [name = '']: readonly string[],
  flags: ForwardFlags,
  onUrl: (url: string) => Promise<void>,
): Promise<number> {
  const app = parseAppName(name);
  if (context.shard !== undefined)
    throw new OutlastError('E_USAGE', 'a tunnel is no part of a run that could be joined', {
      hint: 'choose the hosts with -H or -g',
    });
  const plan = await planFleet(context, flags, [app]);
  if (flags.localPort !== undefined && plan.hosts.length > 1)
    throw new OutlastError('E_USAGE', '--local-port is one port, and several hosts were chosen', {
      hint: 'leave it out, and each host gets one that is free',
    });
  const buildScript = () => inspect.build({ apps: [app] }, { nonce: PREVIEW_NONCE });
  if (await showPreview(context, plan, { action: `forward the port of ${app}`, buildScript })) return 0;
  const told = new Set<string>();
  const outcomes = await runOverHosts<null>(context, plan, {
    label: `forwarding ${app} until Ctrl-C`,
    atOnce: true,
    timeoutMs: undefined,
    work: async (session, { target }) => {
      await forwardHost(session, { context, app, flags, host: target.name, onUrl });
      return { ok: true, value: null };
    },
    onOutcome: (outcome) => tellFailure(context, plan, outcome, told),
  });
  return finish(context, outcomes, told);
}

interface HostForward {
  readonly context: Context;
  readonly app: string;
  readonly flags: ForwardFlags;
  readonly host: string;
  onUrl(url: string): Promise<void>;
}

function forwardHost(session: HostSession, { context, app, flags, host, onUrl }: HostForward): Promise<void> {
  const { output } = context;
  return forwardPort(session, {
    findPort: async (asked) => flags.port ?? askAppPort(asked, app),
    isForbidden: isForwardingForbidden,
    localPort: flags.localPort,
    async onUp({ localPort, remotePort }) {
      const url = `http://127.0.0.1:${localPort}${flags.path ?? '/'}`;
      if (output.flags.json || output.flags.ndjson)
        await output.data(formatNdjson({ host, app, url, localPort, remotePort }));
      else await output.data(`${formatHost(host)}  ${escapeCell(app)}  ${url}  (port ${remotePort})\n`);
      await onUrl(url);
    },
    onLost(reason) {
      output.note(`${host}: ${reason}; trying again until it is back`);
    },
    onBack() {
      output.note(`${host}: the connection is back.`);
    },
  });
}

/** The others go on for as long as they are wanted: whoever waits for this one is told now. */
async function tellFailure(
  context: Context,
  { hosts }: FleetPlan,
  outcome: Outcome<null>,
  told: Set<string>,
): Promise<void> {
  if (outcome.ok === true || context.interrupt.aborted) return;
  told.add(outcome.host);
  await streamOutcome(context, outcome, () => ({}));
  if (hosts.length > 1 && !context.output.flags.ndjson)
    context.output.note(`${outcome.host} is not forwarded: ${outcome.error?.message}`);
}

async function finish(
  context: Context,
  outcomes: readonly Outcome<null>[],
  told: ReadonlySet<string>,
): Promise<number> {
  const failed = outcomes.filter(({ host, ok }) => ok !== true && (told.has(host) || !context.interrupt.aborted));
  if (failed.length === 0) return EXIT.ok;
  const calm = { ...context, interrupt: new AbortController().signal };
  return reportOutcomes(calm, failed, {
    toJson: () => ({}),
    format: async () => '',
    counts: failed.length === outcomes.length,
    resolveExit: () =>
      resolveExit(
        calm,
        outcomes.map((outcome) => (failed.includes(outcome) ? outcome : { ...outcome, ok: true })),
      ),
  });
}

function parsePagePath(text: string): string {
  if (/^\/[!-~]*$/.test(text)) return text;
  throw new OutlastError('E_USAGE', 'the path of a page begins with / and holds no blanks', { hint: 'such as /admin' });
}
