import { access, constants } from 'node:fs/promises';
import { OutlastError } from '@outlast/core';
import { createHostResolver } from '../configuration/ssh-config.js';
import { createQuestions } from '../questions.js';
import { loadSsh2 } from '../ssh2/load-ssh2.js';
import type { Prompter, SshOptions, Target } from '../transport.js';
import type { TransportName } from '../transports.js';
import { planIdentities } from './identities.js';
import { createKeyring } from './keyring.js';
import { listOpensshKeys, type UsableKeys } from './openssh-keys.js';

/** What the laptop has to log in with, and to know hosts by, over one transport. */
export interface AccessSurvey {
  readonly transport: TransportName;
  /** The keys that would be tried, as people call them. */
  readonly identities: readonly string[];
  /** What would not be tried, each with its reason. */
  readonly skipped: readonly string[];
  /** The hosts for which there is no key to try. */
  readonly withoutKey: readonly string[];
  readonly knownHosts: readonly KnownHostsFile[];
  /** What ssh says against its own configuration, each once. */
  readonly refusals: readonly OutlastError[];
}

/** A known_hosts file that would be read; `problem` is the reason why it cannot be, null when it can. */
export interface KnownHostsFile {
  readonly path: string;
  readonly problem: string | null;
}

/**
 * Resolves how each target would be reached over a transport, and looks at the files and the agent that this takes. Nothing is
 * sent, nobody is asked.
 */
export async function surveyAccess(
  transport: TransportName,
  targets: readonly Target[],
  source: { readonly sshOptions: SshOptions; readonly env: NodeJS.ProcessEnv; readonly prompter: Prompter },
): Promise<AccessSurvey> {
  const resolve = createHostResolver({ ...source, transport });
  const refusals = new Map<string, OutlastError>();
  const settings = (await Promise.all(targets.map((target) => resolve(target).catch(keepRefusal(refusals))))).filter(
    (one) => one !== undefined,
  );
  const keyring = createKeyring(await loadSsh2(), createQuestions(source.prompter), new AbortController().signal);
  const listKeys = { ssh2: listSsh2Keys, openssh: listOpensshKeys }[transport];
  const keys = await Promise.all(
    settings.map((one) => listKeys(one, keyring, { mayAsk: source.prompter.interactive && !one.batchMode })),
  );
  const paths = settings.flatMap((one) => [...one.userKnownHostsFiles, ...one.globalKnownHostsFiles]);
  return {
    transport,
    identities: unique(keys.flatMap(({ labels }) => labels)),
    skipped: unique(keys.flatMap(({ skipped }) => skipped)),
    withoutKey: unique(
      settings
        .filter((one, index) => one.pubkeyAuthentication && keys[index]?.labels.length === 0)
        .map(({ destination }) => destination),
    ),
    knownHosts: await Promise.all(unique(paths).map(lookAtFile)),
    refusals: [...refusals.values()],
  };
}

async function listSsh2Keys(...plan: Parameters<typeof planIdentities>): Promise<UsableKeys> {
  const { identities, skipped } = await planIdentities(...plan);
  return { labels: identities.map(({ label }) => label), skipped };
}

/** A host that ssh refuses fails by itself; here it counts what was said, once. */
function keepRefusal(refusals: Map<string, OutlastError>): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof OutlastError)) throw error;
    refusals.set(error.message, error);
  };
}

async function lookAtFile(path: string): Promise<KnownHostsFile> {
  try {
    await access(path, constants.R_OK);
    return { path, problem: null };
  } catch (error) {
    return { path, problem: (error as NodeJS.ErrnoException).code ?? 'unreadable' };
  }
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
