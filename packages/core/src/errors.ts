/**
 * Every code that an error of outlast can carry, with what it means.
 * The codes are part of the published JSON: one is never renamed, only added.
 */
export const ERROR_CODES = {
  E_USAGE: 'the invocation cannot be understood; nothing was sent',
  E_CONFIG: 'the configuration is not valid; nothing was sent',
  E_HOST_KEY_UNKNOWN: 'no known_hosts file has a key for this host',
  E_HOST_KEY_CHANGED: 'the host presented a key other than the known one',
  E_HOST_KEY_REVOKED: 'the host presented a key that is revoked, by @revoked in known_hosts or by RevokedHostKeys',
  E_AUTH: 'the host accepted none of our identities',
  E_RESOLVE: 'the host name could not be resolved to an address',
  E_CONNECT_REFUSED: 'nothing listens at the address and port',
  E_CONNECT_UNREACHABLE:
    'no route leads to the host, or this laptop has no network, or no files or processes left for it',
  E_CONNECT_TIMEOUT: 'no authenticated connection within the connect timeout',
  E_CONNECT_CLOSED: 'the connection was closed or cut before it was authenticated',
  E_CONNECTION_LOST: 'the connection was lost after the script had begun; nothing was changed by it',
  E_NOT_SSH: 'something other than an SSH server answered',
  E_THROTTLED: 'the server turned the connection away before its banner, mostly because it has too many',
  E_NO_COMMON_ALGORITHM: 'client and server share no key exchange, cipher, MAC or host-key algorithm',
  E_PROXY_COMMAND: 'the ProxyCommand ended before the connection stood',
  E_NEEDS_OPENSSH: 'the ssh configuration asks for something that only OpenSSH itself can do',
  E_NO_SHELL: 'the host let us in but ran no POSIX shell for us',
  E_UNSUPPORTED_HOST: 'the host lacks something that cannot be done without',
  E_BROKEN_OFF: 'somebody broke the deploy off before anything was switched',
  E_TIMEOUT: 'the host did not answer within --timeout',
  E_UNKNOWN_RESULT: 'the answer was lost: whether it was done is not known',
  E_SKIPPED: 'the host was not begun',
  E_STATE_DIR: 'the state folder on the host cannot be used safely',
  E_CWD: 'the working folder does not exist on the host or cannot be entered',
  E_START_FAILED: 'the app ended within the settle time, or before its release was healthy',
  E_KILLED_AT_LOGOUT: 'the app would be ended as soon as the connection is closed, so it was not started',
  E_LAUNCHER: 'the host cannot start it by the launcher that was asked for',
  E_ALREADY_RUNNING: 'the app runs with another argv, cwd or environment',
  E_RUNTIME: 'the host lacks what the app finds its programs by',
  E_PORT_TAKEN: 'somebody else listens on the port of the app',
  E_NO_PORT: 'nobody knows which port of the app is meant',
  E_LOCAL_PORT: 'the port on this laptop cannot be listened on',
  E_NOT_DEPLOYED: 'the host has no release of the app',
  E_LOCKED: 'somebody deploys the app, or rolls it back, at this moment',
  E_UPLOAD: 'the release did not come to the host whole',
  E_SETUP_FAILED: 'the setup of the release ended with something other than 0',
  E_UNHEALTHY: 'the release was not healthy in time',
  E_NO_RELEASE: 'the host has no such release',
  E_STOPPED: 'somebody stopped the app while it was started or deployed',
  E_STOPPING: 'the app is being stopped by somebody at this moment',
  E_STOP_FAILED: 'processes of the app are left after KILL',
  E_ESCAPED: 'processes that have left the app run on outside of it',
  E_RUNNING: 'the app runs, so it is not forgotten',
  E_CORRUPT: 'a record of the app on the host is damaged, or written by a later outlast; nothing was touched',
  E_NO_SUCH_PROCESS: 'the host has no such process',
  E_ADOPT_REFUSED: 'the process is not one that an app can be made of',
  E_AMBIGUOUS_MATCH: 'the pattern matches more than one process',
  E_NOT_RUNNING: 'the app does not run, so it cannot be signalled',
  E_SIGNAL_FAILED: 'the host did not let the app be signalled, or does not know the signal',
  E_EXEC_FAILED: 'the program of exec ended with something other than 0',
  E_NOT_DETACHED: 'a second connection did not see the app that was started',
  E_PROTOCOL: 'the host answered something that outlast does not understand',
  E_CALLBACK: 'the function that a program gave for each host threw an error of its own',
  E_OUTPUT: 'stdout or stderr cannot be written, such as on a full disk',
  E_INTERNAL: 'a mistake in outlast itself',
} as const;

/** One of the documented error codes, `E_…`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The words that are one host's own. */
export interface OwnWords {
  /** Its names and addresses. */
  readonly names: readonly string[];
  readonly port: number;
}

/** What an error carries besides its message; every part is optional. */
export interface ErrorDetails {
  /** What to do next: one sentence or a line that can be typed. */
  readonly hint?: string;
  /** The host, as the user wrote it. */
  readonly host?: string;
  /** What message and hint call this host alone, so that equal errors of many hosts can be told as one. */
  readonly own?: OwnWords;
  /** Who was not let in, and with which keys: the same for all hosts that were asked the same. */
  readonly login?: string;
  /** The jump host at which the connection failed. */
  readonly via?: string;
  /** The error underneath. */
  readonly cause?: unknown;
  /** Exit code of the app, where a start failed because it ended. */
  readonly exitCode?: number | null;
  /** Signal that ended the app, without `SIG`, where a start failed because of it. */
  readonly signal?: string | null;
  /** Last lines of the log, where a start failed. */
  readonly lastLines?: readonly string[];
}

/** An error with a literal code, a short message and a hint: the only kind that outlast throws on purpose. */
export class OutlastError extends Error {
  override readonly name = 'OutlastError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }
}
