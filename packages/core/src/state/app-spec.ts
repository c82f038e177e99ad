import { DEFAULT_RUNTIME, type RuntimeSettings } from '../runtime/runtime.js';
import { encodeToken } from '../wire/token.js';

/** How an app was asked to run; kept on the host, so that any laptop can show it and start it again. */
export interface AppSpec {
  readonly argv: readonly string[];
  /** True when argv is `/bin/sh -c LINE` because the user gave a shell line. */
  readonly shell: boolean;
  readonly cwd: string | null;
  /** True for what runs in a release: `cwd` is a folder in it then, null the release itself. */
  readonly inRelease: boolean;
  /** Where it listens; `auto` is a free port that the host chooses, which stands in the place of `{port}` in argv. */
  readonly port: number | 'auto' | null;
  readonly runtime: RuntimeSettings;
  readonly env: Readonly<Record<string, string>>;
  /** Values that are never shown. */
  readonly secretEnv: Readonly<Record<string, string>>;
  /** `ignore` as nohup does, or `default`. */
  readonly hup: 'ignore' | 'default';
  /** What it is started by, and so what it outlives. */
  readonly launcher: Launcher;
  readonly restart: RestartSettings;
  readonly stop: StopSettings;
  readonly log: LogSettings;
}

/**
 * `setsid`: in a session of its own, which outlives the connection unless the host ends what a login leaves behind. `systemd`: in a scope
 * of the systemd user manager, which outlives every logout while lingering is on.
 */
export type Launcher = 'setsid' | 'systemd';

/** When the supervisor starts an app again. */
export interface RestartSettings {
  readonly policy: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** Starts again at most this often without a stable time in between. */
  readonly max: number;
  /** First and longest wait between two starts, in whole seconds; doubled each time. */
  readonly backoffSeconds: readonly [number, number];
}

/** How the app wants to be stopped. */
export interface StopSettings {
  /** Without `SIG`. */
  readonly signal: string;
  /** From the signal to KILL, in milliseconds. */
  readonly graceMs: number;
}

export const LAUNCHERS: readonly Launcher[] = ['setsid', 'systemd'];
export const DEFAULT_LAUNCHER: Launcher = 'setsid';

/** What becomes of its output. */
export interface LogSettings {
  /** From this size on the log is cut, and what was in it is kept as an archive; null lets it grow. */
  readonly maxSizeBytes: number | null;
  /** How many archives are kept. */
  readonly keep: number;
  /** Keeps stdout and stderr in files of their own. */
  readonly split: boolean;
}

/** Below this size a log is not cut: it goes in whole blocks. */
export const LEAST_LOG_SIZE = 64_000;

export const DEFAULT_RESTART: RestartSettings = { policy: 'no', max: 10, backoffSeconds: [1, 60] };
export const DEFAULT_STOP: StopSettings = { signal: 'TERM', graceMs: 10_000 };
/** What an app is that was started, and not deployed. */
export const NOT_DEPLOYED: Pick<AppSpec, 'inRelease' | 'port' | 'runtime'> = {
  inRelease: false,
  port: null,
  runtime: DEFAULT_RUNTIME,
};
export const DEFAULT_LOG: LogSettings = { maxSizeBytes: null, keep: 3, split: false };

/** A record of ours ends before the 4,096 bytes that a pipe takes in one piece, and leaves room for the words before it. */
const CHUNK_LENGTH = 3000;
const SPEC_VERSION = 1;

const PACKED_BRACE = '%7D';

/** Stands in the place of every value that is not to be shown. */
const MASK = '********';

/** Packs a spec into lines for the host, as clients are to see it: without the values of its secrets. */
export function formatAppSpec(spec: AppSpec): string[] {
  const token = encodeToken({
    version: SPEC_VERSION,
    ...spec,
    env: sortKeys(spec.env),
    secretEnv: maskValues(spec.secretEnv),
  });
  return token.match(new RegExp(`.{1,${CHUNK_LENGTH}}`, 'g')) ?? [];
}

/** The beginning of a packed spec whose `cwd` and `argv` the host knows: it adds them, packed, and the brace that ends it. */
export function formatSpecHead(spec: Omit<AppSpec, 'argv' | 'cwd'>): string {
  const whole = encodeToken({ version: SPEC_VERSION, ...spec });
  return `${whole.slice(0, -PACKED_BRACE.length)}%2C`;
}

/** Reads an unpacked spec back; null when it is not one of ours. */
export function parseAppSpec(value: unknown): AppSpec | null {
  if (typeof value !== 'object' || value === null) return null;
  // Records of old say nothing of a launcher, since there was only the one, nor of settings for the log, nor of releases, ports and runtimes.
  const { version, ...spec } = { log: DEFAULT_LOG, ...NOT_DEPLOYED, ...value } as AppSpec & { version: number };
  if (version !== SPEC_VERSION || !isAppSpec(spec)) return null;
  return { ...spec, launcher: LAUNCHERS.includes(spec.launcher) ? spec.launcher : DEFAULT_LAUNCHER };
}

/** A record may be damaged, so what would be relied on is looked at. */
function isAppSpec({ argv, cwd, env, secretEnv, restart, stop, log, runtime }: AppSpec): boolean {
  const texts = Array.isArray(argv) && [...argv, cwd ?? ''].every((text) => typeof text === 'string');
  return (
    texts && [env, secretEnv, restart, stop, log, runtime].every((part) => typeof part === 'object' && part !== null)
  );
}

function maskValues(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(env)
      .sort()
      .map((name) => [name, MASK]),
  );
}

function sortKeys(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)));
}
