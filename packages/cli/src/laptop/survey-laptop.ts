import type { OutlastError } from '@outlast/core';
import { readOpenFileLimit } from '../fleet/open-files.js';
import { type AccessSurvey, surveyAccess } from '../ssh/authentication/survey-access.js';
import { readSshVersion } from '../ssh/ssh-version.js';
import type { Prompter, SshOptions, Target } from '../ssh/transport.js';
import { TRANSPORTS, type TransportName } from '../ssh/transports.js';

/** What a look at this laptop found. */
export interface LaptopSurvey {
  readonly nodeVersion: string;
  /** As `ssh -V` has it; null where there is no ssh. */
  readonly sshVersion: string | null;
  readonly hasAgent: boolean;
  /** One for each transport that is chosen for a host. */
  readonly access: readonly AccessSurvey[];
  /** The configuration files that were read, or what is wrong with them. */
  readonly config: { readonly files: readonly string[]; readonly error: OutlastError | null };
  /** How many files may be open; null where that is not known. */
  readonly openFiles: number | null;
  /** Hosts at the same time. */
  readonly parallel: number;
}

/** How one host is reached. */
export interface HostAccess {
  readonly target: Target;
  readonly transport: TransportName;
}

/** What of it the run already knows. */
export interface LaptopContext {
  readonly hosts: readonly HostAccess[];
  /** What speaks SSH to hosts about which nothing else is said. */
  readonly transport: TransportName;
  readonly sshOptions: SshOptions;
  readonly env: NodeJS.ProcessEnv;
  readonly prompter: Prompter;
  readonly config: LaptopSurvey['config'];
  readonly parallel: number;
}

/** Stands in where no host is chosen, for what holds for every host. */
export const ANY_HOST: Target = { name: 'any host', destination: 'localhost' };

/** Looks at this laptop; sends nothing. */
export async function surveyLaptop(context: LaptopContext): Promise<LaptopSurvey> {
  const { hosts, transport, env, config, parallel } = context;
  const [sshVersion, openFiles, access] = await Promise.all([
    readSshVersion(env),
    readOpenFileLimit(),
    surveyTransports(hosts.length > 0 ? hosts : [{ target: ANY_HOST, transport }], context),
  ]);
  const hasAgent = (env.SSH_AUTH_SOCK ?? '') !== '';
  return { nodeVersion: process.versions.node, sshVersion, hasAgent, access, config, openFiles, parallel };
}

function surveyTransports(hosts: readonly HostAccess[], context: LaptopContext): Promise<AccessSurvey[]> {
  const surveys = TRANSPORTS.flatMap((name) => {
    const targets = hosts.filter(({ transport }) => transport === name).map(({ target }) => target);
    return targets.length === 0 ? [] : [surveyAccess(name, targets, context)];
  });
  return Promise.all(surveys);
}
