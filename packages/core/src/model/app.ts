/** What an app is doing, or how it came to its end; `state/resolve-state.ts` says what each is concluded from. */
export type AppState =
  | 'starting'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'stopping'
  | 'exited'
  | 'killed'
  | 'stopped'
  | 'lost'
  | 'rebooted'
  | 'crash-looping'
  | 'corrupt'
  | 'unknown';

/** How `stop` ended an app: TERM was enough, KILL was needed, or there was nothing to do. */
export type StopMethod = 'term' | 'kill' | 'already-stopped';

/** Who else ends an app. */
export type DeathCause = 'oom' | 'logout';

/** A run that lives beside the one that counts: a deploy tries it, or was killed before it had decided between both. */
export interface RunBeside {
  readonly release: string | null;
  /** Null where only its supervisor lives. */
  readonly pid: number | null;
}

/** One app on one host, as every verb reports it and as `--json` prints it. Absent values are null, never missing. */
export interface AppReport {
  readonly app: string;
  readonly state: AppState;
  /** The pid of the live app; null once it has ended. */
  readonly pid: number | null;
  /** The pid it has or had. */
  readonly lastPid: number | null;
  /** ISO 8601 in UTC, from the host's clock. */
  readonly startedAt: string | null;
  /** Seconds since the start, by the host's monotonic clock; null once it has ended. */
  readonly uptimeSeconds: number | null;
  readonly argv: readonly string[] | null;
  /** The working folder as it was asked for, and where it runs in a release an absolute path; null for the login folder. */
  readonly cwd: string | null;
  /** How often the supervisor has started it again. */
  readonly restarts: number;
  /**
   * CPU of the whole tree between two looks, 100 being one processor: since somebody last looked where that was a second to ten minutes
   * ago, else since the start.
   */
  readonly cpuPercent: number | null;
  /** Resident memory of the whole tree. */
  readonly rssBytes: number | null;
  /** TCP ports that the tree listens on; null where they cannot be seen. */
  readonly ports: readonly number[] | null;
  readonly release: string | null;
  /** Null where nothing runs beside it. */
  readonly beside: RunBeside | null;
  readonly exitCode: number | null;
  /** The signal that ended it, without `SIG`. */
  readonly signal: string | null;
  readonly endedAt: string | null;
  /** How it was stopped, where outlast stopped it. */
  readonly how: StopMethod | null;
  /** Why it was killed, where the host can tell: `oom` by the kernel for want of memory, `logout` by logind with its login session. */
  readonly cause: DeathCause | null;
  /** `user@laptop` that stopped or signalled it, where that is how it ended. */
  readonly endedBy: string | null;
  /** Absolute path on the host. */
  readonly logPath: string | null;
}

/** States in which processes of the app are there, or are about to be. */
const LIVE_STATES: ReadonlySet<AppState> = new Set(['starting', 'running', 'paused', 'restarting', 'stopping']);

/** Tells whether an app in this state still has something running on the host. */
export function isLive(state: AppState): boolean {
  return LIVE_STATES.has(state);
}
