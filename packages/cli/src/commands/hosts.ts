import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import type { Outcome } from '../fleet/outcome.js';
import { escapeCell } from '../output/escape-terminal.js';
import { formatHost } from '../output/format-host.js';
import { HOST_ROWS } from '../output/row-shapes.js';
import { formatTable } from '../output/table.js';
import { resolveTableWidth } from '../output/table-width.js';
import type { HostSettings } from '../ssh/configuration/host-settings.js';
import { createHostResolver } from '../ssh/configuration/ssh-config.js';
import { DEFAULT_TRANSPORT, type TransportName } from '../ssh/transports.js';
import { EXIT } from './exit-code.js';
import { addHostFlags, addOutputFlags, type FleetFlags, resolveSshOptions } from './flags.js';
import { chooseTransport, planFleet } from './fleet-plan.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

/** All settings of the hosts that are resolved at the same time are in memory. */
const MOST_AT_ONCE = 100;

/** What is told of a host: all of its settings would be gigabytes for the largest fleets. */
type ShownHost = ReturnType<typeof showHost>;

/** `outlast hosts` */
export const hostsVerb: Verb = {
  configure(command) {
    addHostFlags(command);
    addOutputFlags(command);
    addRowFlags(command, HOST_ROWS);
  },
  async run(context, _args, flags: FleetFlags) {
    const plan = await planFleet(context, flags);
    const { output, env } = context;
    const sshOptions = resolveSshOptions(flags);
    const warn = (text: string): void => output.warn(text);
    const resolvers = {
      ssh2: createHostResolver({ sshOptions, env, warn, transport: 'ssh2' }),
      openssh: createHostResolver({ sshOptions, env, warn, transport: 'openssh' }),
    };
    const limit = pLimit(MOST_AT_ONCE);
    const outcomes = await limit.map(plan.hosts, async (host): Promise<Outcome<ShownHost>> => {
      const { target, source } = host;
      const transport = chooseTransport(plan, host);
      try {
        const settings = await resolvers[transport](target);
        return { host: target.name, ok: true, value: showHost(settings, transport, source), reached: true };
      } catch (error) {
        if (!(error instanceof OutlastError)) throw error;
        return { host: target.name, ok: false, error, reached: false };
      }
    });
    for (const outcome of outcomes) await streamOutcome(context, outcome, toJson);
    return reportOutcomes(context, outcomes, {
      toJson,
      counts: false,
      format: (all) =>
        formatHosts(all, {
          width: resolveTableWidth(output),
          wide: output.flags.verbose === true || output.flags.wide === true,
        }),
      rows: { shape: HOST_ROWS },
      resolveExit: (all) => resolveHostsExit(all),
    });
  },
  combineExits: ({ ok }) => (ok ? EXIT.ok : EXIT.usage),
};

/** Nothing is ever sent: what is wrong is the configuration of ssh. */
export function resolveHostsExit(outcomes: readonly Outcome<unknown>[]): number {
  return outcomes.every(({ ok }) => ok) ? EXIT.ok : EXIT.usage;
}

function showHost(settings: HostSettings, transport: TransportName, source: string) {
  const { hostname: address, user, port, proxyJump, proxyCommand, identityFiles, identitiesOnly } = settings;
  const { hostKeyAlias, userKnownHostsFiles, notHonoured } = settings;
  return {
    ...{ address, user, port, transport, source, proxyJump, proxyCommand },
    ...{ identityFiles, identitiesOnly, hostKeyAlias, userKnownHostsFiles, notHonoured },
  };
}

const toJson = (host: ShownHost): Readonly<Record<string, unknown>> => host;

interface ShownColumn {
  readonly title: string;
  show(host: ShownHost): string;
}

const COLUMNS: readonly ShownColumn[] = [
  { title: 'ADDRESS', show: ({ address }) => address },
  { title: 'PORT', show: ({ port }) => String(port) },
  { title: 'USER', show: ({ user }) => user },
  { title: 'JUMP', show: ({ proxyJump }) => proxyJump ?? '-' },
];
const TRANSPORT: ShownColumn = { title: 'TRANSPORT', show: ({ transport }) => transport };
const FROM: ShownColumn = { title: 'FROM', show: ({ source }) => source };
const NOT_HONOURED: ShownColumn = {
  title: 'NOT HONOURED',
  show: ({ notHonoured }) => notHonoured.join(' ') || '-',
};

function formatHosts(
  outcomes: readonly Outcome<ShownHost>[],
  { width, wide }: { readonly width: number; readonly wide: boolean },
): Promise<string> {
  // A column that says the same of every host would only take room.
  const hasOther = outcomes.some(({ value }) => value !== undefined && value.transport !== DEFAULT_TRANSPORT);
  const columns = [...COLUMNS, ...(hasOther || wide ? [TRANSPORT] : []), FROM, ...(wide ? [NOT_HONOURED] : [])];
  const titles = ['HOST', ...columns.map(({ title }) => title)].map((title) => ({ title }));
  const rows = outcomes.flatMap(({ host, value }) =>
    value === undefined ? [] : [[formatHost(host), ...columns.map(({ show }) => escapeCell(show(value)))]],
  );
  return formatTable(titles, rows, { width });
}
