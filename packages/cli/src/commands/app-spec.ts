import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  type AppSpec,
  DEFAULT_LAUNCHER,
  DEFAULT_RESTART,
  DEFAULT_RUNTIME,
  DEFAULT_STOP,
  LAUNCHERS,
  type Launcher,
  OutlastError,
  parseEnvAssignment,
  parseFolder,
  parseProgramText,
  type RestartSettings,
} from '@outlast/core';
import { type Command, Option } from 'commander';
import type { Config } from '../config/config.js';
import { readEnvFile } from '../config/env-file.js';
import { readSecrets } from '../config/read-secrets.js';
import { type AppDefinition, resolveAppDefinition } from '../config/resolve-app.js';
import { readBytes } from '../input/read-bytes.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import type { Context } from './context.js';
import { collect, type FleetFlags, parseCount, parseWhole } from './flags.js';
import { parseLogSize, resolveLogSettings } from './log-settings.js';

/** The flags of `start` and `restart` that say how an app runs. */
export interface SpecFlags {
  readonly cwd?: string;
  readonly env?: readonly string[];
  readonly envFile?: string;
  readonly restart?: RestartSettings['policy'];
  readonly maxRestarts?: number;
  readonly shell?: string;
  readonly hup?: AppSpec['hup'];
  readonly launcher?: Launcher;
  readonly logMaxSize?: number;
  readonly logKeep?: number;
  readonly logSplit?: boolean;
}

const POLICIES = ['no', 'on-failure', 'always', 'unless-stopped'] as const;

/** Declares the flags that say how an app runs. */
export function addSpecFlags(command: Command): void {
  command
    .option('--cwd <folder>', 'working folder on the host (the home folder)')
    .option('--env <NAME=value>', 'environment variable', collect)
    .option('--env-file <file>', 'file of variables on this laptop; its values are never shown')
    .addOption(new Option('--restart <policy>', 'when it is started again').choices(POLICIES))
    .option('--max-restarts <n>', 'give up after so many restarts in a row (10)', parseCount)
    .option('--shell <line>', 'a shell line in place of argv')
    .addOption(new Option('--hup <what>', 'whether HUP is ignored, as nohup does').choices(['ignore', 'default']))
    .addOption(
      new Option('--launcher <how>', 'systemd outlives logouts where setsid would not (setsid)').choices(LAUNCHERS),
    )
    .option('--log-max-size <size>', 'from this size on its log is cut, and the rest kept as an archive', parseLogSize)
    .option('--log-keep <n>', 'so many archives of its log are kept (3)', parseWhole)
    .option('--log-split', 'stdout and stderr into logs of their own');
}

/** Makes the spec of an app for a host, whose own environment may differ. */
export type SpecBuilder = (host: SelectedHost) => AppSpec;

/**
 * Works out how an app runs from argv, flags and configuration, flags first; undefined when none of them says what runs.
 *
 * @throws OutlastError `E_USAGE` or `E_CONFIG`; nothing was sent.
 */
export async function resolveSpec(
  context: Context,
  config: Config,
  app: string,
  flags: SpecFlags,
): Promise<SpecBuilder | undefined> {
  const configured = config.apps.has(app) ? resolveAppDefinition(config, app) : undefined;
  const program = await resolveProgram(context, flags, configured);
  if (program === undefined) return undefined;
  const env = Object.fromEntries((flags.env ?? []).map(parseEnvAssignment).map(({ name, value }) => [name, value]));
  const secrets = await resolveSecrets(context, flags, configured);
  const secretEnv = Object.fromEntries(Object.entries(secrets).filter(([name]) => !Object.hasOwn(env, name)));
  const log = resolveLogSettings(flags, configured?.log);
  const cwd = flags.cwd ?? configured?.cwd ?? null;
  if (cwd !== null) parseFolder(cwd);
  const { policy, max, backoffSeconds } = configured?.restart ?? DEFAULT_RESTART;
  return (host) => ({
    ...program,
    cwd,
    inRelease: configured?.sourcePath !== undefined,
    port: configured?.port ?? null,
    runtime: configured?.runtime ?? DEFAULT_RUNTIME,
    env: { ...configured?.env, ...host.env, ...env },
    secretEnv,
    hup: flags.hup ?? configured?.hup ?? 'ignore',
    launcher: flags.launcher ?? configured?.launcher ?? DEFAULT_LAUNCHER,
    restart: {
      policy: flags.restart ?? policy,
      max: flags.maxRestarts ?? max,
      backoffSeconds: roundUp(backoffSeconds),
    },
    stop: configured?.stop ?? DEFAULT_STOP,
    log,
  });
}

type Program = Pick<AppSpec, 'argv' | 'shell'>;

async function resolveProgram(
  { argv }: Context,
  { shell }: SpecFlags,
  configured: AppDefinition | undefined,
): Promise<Program | undefined> {
  if (argv !== undefined && shell !== undefined)
    throw new OutlastError('E_USAGE', 'both --shell and an argv after -- say what runs', {
      hint: 'give one of them',
    });
  if (argv !== undefined) return { argv: await checkArgv(argv), shell: false };
  const line = shell ?? configured?.shellLine;
  if (line !== undefined) return buildShellProgram(line);
  return configured?.argv === undefined ? undefined : { argv: configured.argv, shell: false };
}

function buildShellProgram(line: string): Program {
  if (line.trim() === '') throw new OutlastError('E_USAGE', 'the shell line is empty');
  return { argv: ['/bin/sh', '-c', parseProgramText(line, 'the shell line')], shell: true };
}

/**
 * Checks an argv that stood behind `--`.
 *
 * @throws OutlastError `E_USAGE` when it is empty, or holds bytes that are not UTF-8: those would reach the host changed.
 */
export async function checkArgv(argv: readonly string[]): Promise<readonly string[]> {
  if (argv.length === 0 || argv[0] === '')
    throw new OutlastError('E_USAGE', 'there is no program behind --', { hint: 'write: … -- PROGRAM ARGUMENTS' });
  for (const word of argv) parseProgramText(word, 'an argument');
  // Node has put U+FFFD where bytes were not UTF-8; only the system still knows whether it stood there from the start.
  if (argv.some((word) => word.includes('\uFFFD')) && !(await isOwnCmdlineUtf8())) {
    throw new OutlastError('E_USAGE', 'an argument is not valid UTF-8', {
      hint: 'write it as UTF-8, or put it into a file on the host',
    });
  }
  return argv;
}

async function isOwnCmdlineUtf8(): Promise<boolean> {
  const bytes = await readFile('/proc/self/cmdline').catch(() => undefined);
  if (bytes === undefined) return false;
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
}

async function resolveSecrets(
  { cwd, env, prompter, stdin }: Context,
  { envFile, hostsFile }: SpecFlags & Pick<FleetFlags, 'hostsFile'>,
  configured: AppDefinition | undefined,
): Promise<Record<string, string>> {
  const configuredFile =
    configured?.envFilePath === undefined ? {} : await readEnvFile(configured.envFilePath, configured.envFilePath);
  const flaggedFile = envFile === undefined ? {} : await readEnvFile(resolve(cwd, envFile), envFile);
  const { secrets = [], folder = cwd } = configured ?? {};
  if (
    secrets.filter((secret) => 'stdin' in secret).length > 1 ||
    (hostsFile === '-' && secrets.some((each) => 'stdin' in each))
  )
    throw new OutlastError('E_USAGE', 'the standard input can be one thing: a secret, or the hosts', {
      hint: 'take the others from the environment, a file or a command',
    });
  const readInput = async (name: string): Promise<string> => {
    if (prompter.interactive) return (await prompter.secret(`Secret ${name}: `)) ?? giveUp(name);
    return (await readBytes(stdin, MOST_SECRET_BYTES))?.toString('utf8') ?? giveUp(name);
  };
  return { ...configuredFile, ...flaggedFile, ...(await readSecrets(secrets, { env, folder, readInput })) };
}

/** What an environment takes of one value. */
const MOST_SECRET_BYTES = 131_072;

function giveUp(name: string): never {
  throw new OutlastError('E_USAGE', `the secret ${name} was not given`, {
    hint: 'pipe it in, or type it where outlast asks',
  });
}

/** The host counts whole seconds. */
function roundUp([first, longest]: readonly [number, number]): [number, number] {
  return [Math.max(1, Math.ceil(first)), Math.max(1, Math.ceil(longest))];
}

/** Says that a printed script lacks the secrets that it stands for. */
export function warnOfPlaceholders(
  { output }: Context,
  flags: { readonly printScript?: boolean },
  spec: AppSpec | undefined,
): void {
  const names = Object.keys(spec?.secretEnv ?? {});
  if (flags.printScript && names.length > 0)
    output.warn(`the script has placeholders in place of ${names.join(', ')}: fill them in before you run it`);
}

/** The spec with its secrets replaced by their names, for a printed script. */
export function maskSpec(spec: AppSpec): AppSpec {
  return {
    ...spec,
    secretEnv: Object.fromEntries(Object.keys(spec.secretEnv).map((name) => [name, `<secret ${name}>`])),
  };
}
