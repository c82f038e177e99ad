/** What a release has to show before it counts as healthy; all that is given has to hold. */
export interface HealthSettings {
  /** Asked of the app's port on the host itself. */
  readonly http: {
    readonly path: string;
    readonly firstStatus: number;
    readonly lastStatus: number;
    /** POSIX extended regular expression that a line of the page has to match; null for any page. */
    readonly body: string | null;
  } | null;
  /** The port accepts a connection. */
  readonly tcp: boolean;
  /** A shell line that has to exit with 0, run as the app is; 78 says that waiting does not help. */
  readonly exec: string | null;
  /** POSIX extended regular expression that a line of the log has to match, of what the app has written since it was started. */
  readonly log: string | null;
  readonly withinMs: number;
  readonly intervalMs: number;
  /** So many looks one after the other have to be good. */
  readonly successes: number;
  /** Alive and healthy for so long after the first time. */
  readonly steadyMs: number;
}

export const DEFAULT_HEALTH: HealthSettings = {
  http: null,
  tcp: false,
  exec: null,
  log: null,
  withinMs: 60_000,
  intervalMs: 500,
  successes: 1,
  steadyMs: 3_000,
};
