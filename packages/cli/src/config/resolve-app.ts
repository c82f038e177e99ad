import { resolve } from 'node:path';
import {
  DEFAULT_LAUNCHER,
  DEFAULT_RESTART,
  DEFAULT_STOP,
  formatSuggestion,
  type Launcher,
  OutlastError,
  quoteForMessage,
  type RestartSettings,
  type RuntimeSettings,
  type StopSettings,
} from '@outlast/core';
import type { Config, ConfiguredApp } from './config.js';
import type { AppSettings } from './schema.js';

/** Where a variable that is kept secret comes from. */
export type SecretSource = { readonly name: string } & (
  | { readonly variable: true }
  | { readonly file: string }
  | { readonly command: string }
  | { readonly stdin: true }
);

/** How the configuration wants an app to run, with defaults filled in. */
export interface AppDefinition {
  readonly name: string;
  /** Names of hosts and groups, and `tag:…`; empty where the app names none. */
  readonly hosts: readonly string[];
  /** Of argv and shellLine at most one is there; neither when the app has no `run`. */
  readonly argv?: readonly string[];
  readonly shellLine?: string;
  /** A folder on the host; relative to the release where there is a `source`, else to the home folder. */
  readonly cwd?: string;
  /** What is deployed: an absolute path on this machine. */
  readonly sourcePath?: string;
  /** Without prototype; holds `PORT` where the port is fixed. */
  readonly env: Readonly<Record<string, string>>;
  /** An absolute path on this machine. */
  readonly envFilePath?: string;
  readonly secrets: readonly SecretSource[];
  /** The absolute folder of its file on this machine. */
  readonly folder: string;
  readonly port?: number | 'auto';
  readonly stop: StopSettings;
  readonly restart: RestartSettings;
  readonly log: { readonly maxSizeBytes?: number; readonly keep?: number; readonly split: boolean };
  readonly hup: 'ignore' | 'default';
  readonly launcher: Launcher;
  readonly runtime: RuntimeSettings;
}

/**
 * Resolves an app of the configuration. A fixed port becomes `PORT` in env, unless env has it, and replaces `{port}` in
 * argv or the shell line.
 *
 * @throws OutlastError `E_USAGE` with a suggestion when the configuration has no such app.
 */
export function resolveAppDefinition(config: Config, name: string): AppDefinition {
  const app = config.apps.get(name);
  if (app === undefined) {
    throw refuseApp(config, name);
  }
  const { hosts, settings } = app;
  const { cwd, secrets, port, hup, launcher } = settings;
  return {
    name,
    hosts,
    ...resolveProgram(settings),
    ...(cwd === undefined ? {} : { cwd }),
    env: resolveEnv(settings),
    ...resolveEnvFile(app),
    ...(settings.source === undefined ? {} : { sourcePath: resolve(app.folder, settings.source) }),
    secrets: (secrets ?? []).map(resolveSecret),
    folder: app.folder,
    ...(port === undefined ? {} : { port }),
    stop: {
      signal: settings.stop?.signal ?? DEFAULT_STOP.signal,
      graceMs: settings.stop?.grace ?? DEFAULT_STOP.graceMs,
    },
    restart: resolveRestart(settings),
    log: resolveLog(settings),
    hup: hup ?? 'ignore',
    launcher: launcher ?? DEFAULT_LAUNCHER,
    runtime: resolveRuntime(settings),
  };
}

/** Resolves what an app finds its programs by. */
export function resolveRuntime({ python, node, login_shell }: AppSettings): RuntimeSettings {
  return {
    python: (python ?? null) as RuntimeSettings['python'],
    node: node ?? null,
    loginShell: login_shell ?? false,
  };
}

function resolveSecret(secret: NonNullable<AppSettings['secrets']>[number]): SecretSource {
  if (typeof secret === 'string') return { name: secret, variable: true };
  const { name, file, command } = secret;
  if (file !== undefined) return { name, file };
  return command === undefined ? { name, stdin: true } : { name, command };
}

function resolveProgram({ run, port }: AppSettings): Pick<AppDefinition, 'argv' | 'shellLine'> {
  const fill = (text: string) => (typeof port === 'number' ? text.replaceAll('{port}', String(port)) : text);
  if (run === undefined) {
    return {};
  }
  return typeof run === 'string' ? { shellLine: fill(run) } : { argv: run.map(fill) };
}

function resolveEnv({ env, port }: AppSettings): Readonly<Record<string, string>> {
  return Object.assign(Object.create(null), typeof port === 'number' ? { PORT: String(port) } : {}, env);
}

function resolveEnvFile({ settings, folder }: ConfiguredApp): Pick<AppDefinition, 'envFilePath'> {
  return settings.env_file === undefined ? {} : { envFilePath: resolve(folder, settings.env_file) };
}

function resolveRestart({ restart }: AppSettings): RestartSettings {
  const { policy, max, backoff } = restart ?? {};
  return {
    policy: policy ?? DEFAULT_RESTART.policy,
    max: max ?? DEFAULT_RESTART.max,
    backoffSeconds:
      backoff === undefined ? DEFAULT_RESTART.backoffSeconds : [backoff.minMs / 1_000, backoff.maxMs / 1_000],
  };
}

function resolveLog({ log }: AppSettings): AppDefinition['log'] {
  const { max_size, keep, split } = log ?? {};
  return {
    ...(max_size === undefined ? {} : { maxSizeBytes: max_size }),
    ...(keep === undefined ? {} : { keep }),
    split: split ?? false,
  };
}

function refuseApp(config: Config, name: string): OutlastError {
  const known = [...config.apps.keys()];
  const hint =
    known.length === 0
      ? 'describe it under `apps:` in outlast.yaml, or give its argv after --'
      : `the configuration has: ${known.slice(0, 20).join(', ')}`;
  return new OutlastError(
    'E_USAGE',
    `the configuration has no app ${quoteForMessage(name)}${formatSuggestion(name, known)}`,
    { hint },
  );
}
