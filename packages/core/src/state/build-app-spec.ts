import { OutlastError } from '../errors.js';
import { LONGEST_DURATION_MS } from '../values/duration.js';
import { parseEnvName, parseProgramText } from '../values/env-name.js';
import { parseFolder } from '../values/folder.js';
import { parseSignalName } from '../values/signal-name.js';
import {
  type AppSpec,
  DEFAULT_LAUNCHER,
  DEFAULT_LOG,
  DEFAULT_RESTART,
  DEFAULT_STOP,
  LEAST_LOG_SIZE,
  type LogSettings,
  NOT_DEPLOYED,
  type RestartSettings,
  type StopSettings,
} from './app-spec.js';

/** What runs: a program and its arguments, or a line for `/bin/sh`. */
export type AppProgram =
  | { readonly argv: readonly string[]; readonly shell?: undefined }
  | { readonly shell: string; readonly argv?: undefined };

/** How an app shall run; what is left out is as `outlast start` has it. */
export type AppSettings = AppProgram & {
  /** Working folder on the host; the home folder unless given. */
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Variables whose values are never shown: over stdin, and in a file of mode 0600 on the host. */
  readonly secretEnv?: Readonly<Record<string, string>> | undefined;
  /** `ignore` unless given, as nohup does. */
  readonly hup?: AppSpec['hup'] | undefined;
  /** `setsid` unless given. */
  readonly launcher?: AppSpec['launcher'] | undefined;
  /** Not started again unless given. */
  readonly restart?: Partial<RestartSettings> | undefined;
  /** TERM, and KILL after 10 s, unless given. */
  readonly stop?: Partial<StopSettings> | undefined;
  /** One log that grows, unless given. */
  readonly log?: Partial<LogSettings> | undefined;
};

/**
 * Checks how an app shall run, and fills in what was left out.
 *
 * @throws OutlastError `E_USAGE` for an empty program, a text that no program could receive, a name that is none for a variable, and a
 *   number out of range. The message never shows a value of the environment.
 */
export function buildAppSpec(settings: AppSettings): AppSpec {
  const { cwd, env = {}, secretEnv = {}, hup = 'ignore', launcher = DEFAULT_LAUNCHER } = settings;
  return {
    ...buildProgram(settings),
    ...NOT_DEPLOYED,
    cwd: cwd === undefined ? null : parseFolder(cwd),
    env: checkEnvironment(env),
    secretEnv: checkEnvironment(secretEnv),
    hup,
    launcher,
    restart: checkRestart({ ...DEFAULT_RESTART, ...settings.restart }),
    stop: checkStop({ ...DEFAULT_STOP, ...settings.stop }),
    log: checkLog({ ...DEFAULT_LOG, ...settings.log }),
  };
}

function buildProgram({ argv, shell }: AppProgram): Pick<AppSpec, 'argv' | 'shell'> {
  if ((argv === undefined) === (shell === undefined)) refuse('either an argv or a shell line says what runs');
  if (shell !== undefined && shell.trim() === '') refuse('the shell line is empty');
  if (shell !== undefined) return { argv: ['/bin/sh', '-c', parseProgramText(shell, 'the shell line')], shell: true };
  if (argv?.[0] === undefined || argv[0] === '') refuse('the argv names no program');
  return { argv: (argv ?? []).map((word) => parseProgramText(word, 'an argument')), shell: false };
}

function checkEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(env);
  return Object.fromEntries(
    entries.map(([name, value]) => [parseEnvName(name), parseProgramText(value, `the value of ${name}`)]),
  );
}

function checkRestart(restart: RestartSettings): RestartSettings {
  checkWhole('restart.max', restart.max, { least: 1 });
  const [first, longest] = restart.backoffSeconds;
  checkWhole('restart.backoffSeconds', first, { least: 1 });
  checkWhole('restart.backoffSeconds', longest, { least: first });
  return restart;
}

function checkStop({ signal, graceMs }: StopSettings): StopSettings {
  checkWhole('stop.graceMs', graceMs, { most: LONGEST_DURATION_MS });
  return { signal: parseSignalName(signal), graceMs };
}

function checkLog(log: LogSettings): LogSettings {
  if (log.maxSizeBytes !== null) checkWhole('log.maxSizeBytes', log.maxSizeBytes, { least: LEAST_LOG_SIZE });
  checkWhole('log.keep', log.keep, {});
  return log;
}

function checkWhole(name: string, value: number, { least = 0, most = Number.MAX_SAFE_INTEGER }): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  refuse(`${name} is not a whole number from ${least} to ${most}`);
}

function refuse(what: string): never {
  throw new OutlastError('E_USAGE', what);
}
