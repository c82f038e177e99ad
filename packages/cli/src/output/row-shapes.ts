/** What one line of a verb's table, or of its `--format`, may tell. */
export interface RowShape {
  /** The list of an outcome whose members are the rows; without it, each outcome is one. */
  readonly list?: string;
  /** Fields of the JSON: those of a row, then those of its outcome. */
  readonly fields: readonly string[];
  /** The titles of the table's columns, and the fields that these show. */
  readonly columns: Readonly<Record<string, string>>;
}

/** What every outcome may tell, whatever the verb. */
export const OUTCOME_FIELDS = [
  'host',
  'ok',
  'error',
  'error.code',
  'error.message',
  'error.hint',
  'error.via',
  'error.exitCode',
  'error.signal',
  'error.lastLines',
] as const;

const APP_FIELDS = [
  'app',
  'state',
  'pid',
  'lastPid',
  'startedAt',
  'uptimeSeconds',
  'argv',
  'cwd',
  'restarts',
  'cpuPercent',
  'rssBytes',
  'ports',
  'release',
  'beside',
  'exitCode',
  'signal',
  'endedAt',
  'how',
  'cause',
  'endedBy',
  'logPath',
] as const;

const APP_COLUMNS = {
  HOST: 'host',
  APP: 'app',
  STATE: 'state',
  PID: 'pid',
  UPTIME: 'uptimeSeconds',
  CPU: 'cpuPercent',
  MEM: 'rssBytes',
  RESTARTS: 'restarts',
  PORTS: 'ports',
  RELEASE: 'release',
  ENDED: 'endedAt',
  STARTED: 'startedAt',
  ARGV: 'argv',
  CWD: 'cwd',
  LOG: 'logPath',
} as const;

/** The rows of `status`. */
export const SEEN_APP_ROWS: RowShape = { list: 'apps', fields: APP_FIELDS, columns: APP_COLUMNS };

/** The rows of every verb that changes apps, or waits for them. */
export const CHANGED_APP_ROWS: RowShape = { ...SEEN_APP_ROWS, fields: [...APP_FIELDS, 'changed'] };

/** The rows of `deploy` and `rollback`. */
export const DEPLOYED_APP_ROWS: RowShape = {
  ...SEEN_APP_ROWS,
  fields: [...APP_FIELDS, 'changed', 'previousRelease', 'attemptedRelease', 'rolledBack', 'steps'],
};

/** The rows of `history`. */
export const HISTORY_ROWS: RowShape = {
  list: 'entries',
  fields: ['at', 'by', 'app', 'verb', 'release', 'result', 'reason', 'error'],
  columns: {
    AT: 'at',
    HOST: 'host',
    APP: 'app',
    VERB: 'verb',
    RELEASE: 'release',
    RESULT: 'result',
    BY: 'by',
    REASON: 'reason',
  },
};

/** The rows of `prune`. */
export const PRUNED_APP_ROWS: RowShape = { ...SEEN_APP_ROWS, fields: [...APP_FIELDS, 'changed', 'kept'] };

/** The rows of `find`. */
export const PROCESS_ROWS: RowShape = {
  list: 'processes',
  fields: ['pid', 'ppid', 'user', 'argv', 'startedAt', 'tty', 'cpuSeconds', 'cpuPercent', 'rssBytes', 'app'],
  columns: {
    HOST: 'host',
    UID: 'user',
    PID: 'pid',
    PPID: 'ppid',
    C: 'cpuPercent',
    STIME: 'startedAt',
    TTY: 'tty',
    TIME: 'cpuSeconds',
    APP: 'app',
    CMD: 'argv',
  },
};

/** The rows of `doctor`. */
export const FINDING_ROWS: RowShape = {
  list: 'findings',
  fields: ['check', 'level', 'message', 'remedy'],
  columns: { HOST: 'host', LEVEL: 'level', CHECK: 'check', FINDING: 'message' },
};

/** The rows of `exec`. */
export const EXEC_ROWS: RowShape = {
  fields: ['exitCode', 'signal', 'stdout', 'stdoutBase64', 'stderr', 'stderrBase64'],
  columns: { HOST: 'host' },
};

/** The rows of `hosts`. */
export const HOST_ROWS: RowShape = {
  fields: [
    'address',
    'user',
    'port',
    'transport',
    'source',
    'proxyJump',
    'proxyCommand',
    'identityFiles',
    'identitiesOnly',
    'hostKeyAlias',
    'userKnownHostsFiles',
    'notHonoured',
  ],
  columns: {
    HOST: 'host',
    ADDRESS: 'address',
    PORT: 'port',
    USER: 'user',
    JUMP: 'proxyJump',
    TRANSPORT: 'transport',
    FROM: 'source',
    'NOT HONOURED': 'notHonoured',
  },
};
