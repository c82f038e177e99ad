import { OutlastError } from '@outlast/core';
import type { Outcome } from '../fleet/outcome.js';
import { escapeCell } from '../output/escape-terminal.js';
import { formatHost } from '../output/format-host.js';
import { formatTable } from '../output/table.js';
import type { HostSettings } from '../ssh/configuration/host-settings.js';
import { createHostResolver } from '../ssh/configuration/ssh-config.js';
import { EXIT } from './exit-code.js';
import { addHostFlags, addOutputFlags, type FleetFlags, resolveSshOptions } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import type { Verb } from './verb.js';

interface ResolvedHost {
  readonly settings: HostSettings;
  readonly source: string;
}

/** `outlast hosts` */
export const hostsVerb: Verb = {
  configure(command) {
    addHostFlags(command);
    addOutputFlags(command);
  },
  async run(context, _args, flags: FleetFlags) {
    const { hosts } = await planFleet(context, flags);
    const { output, env } = context;
    const resolve = createHostResolver({
      sshOptions: resolveSshOptions(flags),
      env,
      warn: (text) => output.warn(text),
    });
    const outcomes = await Promise.all(
      hosts.map(async ({ target, source }): Promise<Outcome<ResolvedHost>> => {
        try {
          return { host: target.name, ok: true, value: { settings: await resolve(target), source }, reached: true };
        } catch (error) {
          if (!(error instanceof OutlastError)) throw error;
          return { host: target.name, ok: false, error, reached: false };
        }
      }),
    );
    for (const outcome of outcomes) await streamOutcome(context, outcome, toJson);
    await reportOutcomes(context, outcomes, {
      toJson,
      format: (all) => formatHosts(all, { width: output.stdout.width, verbose: output.flags.verbose === true }),
    });
    return outcomes.every(({ ok }) => ok) ? EXIT.ok : EXIT.usage;
  },
};

function toJson({ settings, source }: ResolvedHost): Readonly<Record<string, unknown>> {
  const {
    hostname,
    user,
    port,
    proxyJump,
    proxyCommand,
    identityFiles,
    identitiesOnly,
    hostKeyAlias,
    userKnownHostsFiles,
    notHonoured,
  } = settings;
  return {
    address: hostname,
    user,
    port,
    source,
    proxyJump,
    proxyCommand,
    identityFiles,
    identitiesOnly,
    hostKeyAlias,
    userKnownHostsFiles,
    notHonoured,
  };
}

function formatHosts(
  outcomes: readonly Outcome<ResolvedHost>[],
  { width, verbose }: { readonly width: number; readonly verbose: boolean },
): Promise<string> {
  const more = verbose ? ['NOT HONOURED'] : [];
  const titles = ['HOST', 'ADDRESS', 'PORT', 'USER', 'JUMP', 'FROM', ...more].map((title) => ({ title }));
  const rows = outcomes.flatMap(({ host, value }) => {
    if (value === undefined) return [];
    const { hostname, port, user, proxyJump, notHonoured } = value.settings;
    const cells = [hostname, String(port), user, proxyJump ?? '-', value.source].map(escapeCell);
    return [[formatHost(host), ...cells, ...(verbose ? [notHonoured.join(' ') || '-'] : [])]];
  });
  return formatTable(titles, rows, { width });
}
