import { execFile } from 'node:child_process';
import type { OutlastError } from '@outlast/core';
import { type AccessSurvey, surveyAccess } from '../ssh/authentication/survey-access.js';
import { readSshVersion } from '../ssh/ssh-version.js';
import type { Prompter, SshOptions, Target } from '../ssh/transport.js';

/** What a look at this laptop found. */
export interface LaptopSurvey {
  readonly nodeVersion: string;
  /** As `ssh -V` has it; null where there is no ssh. */
  readonly sshVersion: string | null;
  readonly hasAgent: boolean;
  readonly access: AccessSurvey;
  /** The configuration files that were read, or what is wrong with them. */
  readonly config: { readonly files: readonly string[]; readonly error: OutlastError | null };
  /** How many files may be open; null where that is not known. */
  readonly openFiles: number | null;
  /** Hosts at the same time. */
  readonly parallel: number;
}

/** What of it the run already knows. */
export interface LaptopContext {
  readonly targets: readonly Target[];
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
  const { targets, env, config, parallel } = context;
  const [sshVersion, openFiles, access] = await Promise.all([
    readSshVersion(env),
    readOpenFiles(),
    surveyAccess(targets.length > 0 ? targets : [ANY_HOST], context),
  ]);
  const hasAgent = (env.SSH_AUTH_SOCK ?? '') !== '';
  return { nodeVersion: process.versions.node, sshVersion, hasAgent, access, config, openFiles, parallel };
}

/** Node has raised its own limit as far as it may, and a child inherits that. */
function readOpenFiles(): Promise<number | null> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', 'ulimit -n'], (error, stdout) => {
      const text = stdout.trim();
      if (text === 'unlimited') resolve(Number.POSITIVE_INFINITY);
      else resolve(error === null && /^[0-9]+$/.test(text) ? Number(text) : null);
    });
  });
}
