import { ERROR_CODES, FINDING_LEVELS } from '@outlast/core';
import { z } from 'zod';

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const signalName = z.string().regex(/^(?!SIG)[A-Z0-9+]+$/);
const pid = z.int().min(2);

const STATES = [
  'starting',
  'running',
  'paused',
  'restarting',
  'stopping',
  'exited',
  'killed',
  'stopped',
  'lost',
  'rebooted',
  'crash-looping',
  'corrupt',
  'unknown',
] as const;

const appFields = {
  app: z.string(),
  state: z.enum(STATES),
  pid: pid.nullable(),
  lastPid: pid.nullable(),
  startedAt: time.nullable(),
  uptimeSeconds: z.number().min(0).nullable(),
  argv: z.array(z.string()).nullable(),
  cwd: z.string().nullable(),
  restarts: z.int().min(0),
  cpuPercent: z.number().min(0).nullable(),
  rssBytes: z.int().min(0).nullable(),
  ports: z.array(z.int().min(1).max(65_535)).nullable(),
  release: z.string().nullable(),
  beside: z.strictObject({ release: z.string().nullable(), pid: pid.nullable() }).nullable(),
  exitCode: z.int().min(0).max(255).nullable(),
  signal: signalName.nullable(),
  endedAt: time.nullable(),
  how: z.enum(['term', 'kill', 'already-stopped']).nullable(),
  cause: z.enum(['oom', 'logout']).nullable(),
  endedBy: z.string().nullable(),
  logPath: z.string().startsWith('/').nullable(),
};
const seenApp = z.strictObject(appFields);
const changedApp = z.strictObject({ ...appFields, changed: z.boolean() });
const inspectedApp = z.strictObject({
  ...appFields,
  changed: z.literal(false),
  run: z.int().min(0),
  spec: z
    .strictObject({
      argv: z.array(z.string()),
      shell: z.boolean(),
      cwd: z.string().nullable(),
      inRelease: z.boolean(),
      port: z.union([z.int().min(1).max(65_535), z.literal('auto')]).nullable(),
      runtime: z.strictObject({
        python: z.string().nullable(),
        node: z.literal('nvm').nullable(),
        loginShell: z.boolean(),
      }),
      env: z.record(z.string(), z.string()),
      secretEnv: z.record(z.string(), z.literal('********')),
      hup: z.enum(['ignore', 'default']),
      launcher: z.enum(['setsid', 'systemd']),
      restart: z.strictObject({
        policy: z.enum(['no', 'on-failure', 'always', 'unless-stopped']),
        max: z.int(),
        backoffSeconds: z.tuple([z.int(), z.int()]),
      }),
      stop: z.strictObject({ signal: signalName, graceMs: z.int() }),
      log: z.strictObject({ maxSizeBytes: z.int().nullable(), keep: z.int(), split: z.boolean() }),
    })
    .nullable(),
  startedBy: z.string().nullable(),
  identity: z.strictObject({ pid, start: z.string().regex(/^\d+$/), boot: z.string().min(1) }).nullable(),
  supervisorPid: pid.nullable(),
  ends: z.array(
    z.strictObject({
      run: z.int().min(1),
      restarts: z.int().min(0),
      exitCode: z.int().min(0).max(255).nullable(),
      signal: signalName.nullable(),
      endedAt: time.nullable(),
      cause: z.enum(['stop', 'oom', 'logout']).nullable(),
    }),
  ),
  damaged: z.string().nullable(),
  adopted: z.boolean(),
  port: z.int().min(1).max(65_535).nullable(),
  pids: z.array(pid),
  stateDir: z.string().startsWith('/'),
});

const releaseId = z.string().regex(/^\d{8}-\d{6}-[0-9a-f]{8}$/);
const deployedApp = z.strictObject({
  ...appFields,
  changed: z.boolean().nullable(),
  previousRelease: releaseId.nullable(),
  attemptedRelease: releaseId.nullable(),
  rolledBack: z.boolean(),
  steps: z.array(
    z.strictObject({
      name: z.enum(['lock', 'restore', 'upload', 'setup', 'port', 'stop', 'switch', 'start', 'health', 'rollback']),
      ok: z.boolean(),
      seconds: z.number().min(0),
    }),
  ),
});
const releasedApp = z.strictObject({
  ...appFields,
  releases: z.array(
    z.strictObject({
      id: releaseId,
      current: z.boolean(),
      state: z.enum(['uploaded', 'ready', 'activating', 'good', 'failed']),
      createdAt: time.nullable(),
      by: z.string().nullable(),
      commit: z.string().nullable(),
    }),
  ),
});

const error = z.strictObject({
  code: z.enum(Object.keys(ERROR_CODES) as [keyof typeof ERROR_CODES]),
  message: z.string().min(1),
  hint: z.string().nullable(),
  via: z.string().nullable(),
  exitCode: z.int().nullable().optional(),
  signal: signalName.nullable().optional(),
  lastLines: z.array(z.string()).optional(),
});

const findings = z
  .array(
    z.strictObject({
      check: z.string().regex(/^[a-z-]+$/),
      level: z.enum(FINDING_LEVELS),
      message: z.string().min(1),
      remedy: z.string().min(1).nullable(),
    }),
  )
  .min(1);

/** What each verb puts into the outcome of a host that answered. */
const FIELDS: Readonly<Record<string, z.ZodRawShape>> = {
  status: { apps: z.array(seenApp) },
  logs: {
    lines: z.array(
      z.strictObject({
        app: z.string(),
        stream: z.enum(['combined', 'stdout', 'stderr']),
        line: z.string(),
        offset: z.int().min(0),
      }),
    ),
  },
  prune: {
    apps: z.array(changedApp),
    kept: z.array(z.strictObject({ app: z.string(), reason: z.enum(['undated', 'processes-left', 'damaged']) })),
  },
  inspect: { apps: z.array(inspectedApp) },
  deploy: { apps: z.array(deployedApp) },
  rollback: { apps: z.array(deployedApp) },
  releases: { apps: z.array(releasedApp) },
  history: {
    entries: z.array(
      z.strictObject({
        at: time.nullable(),
        by: z.string().nullable(),
        app: z.string(),
        verb: z.enum(['deploy', 'rollback']),
        release: releaseId.nullable(),
        result: z.enum(['ok', 'unchanged', 'failed', 'interrupted', 'taken-over', 'under-way']),
        reason: z.string().nullable(),
        error: z.string().nullable(),
      }),
    ),
  },
  find: {
    processes: z.array(
      z.strictObject({
        pid: z.int().min(1),
        ppid: z.int().min(0),
        user: z.string().nullable(),
        argv: z.array(z.string()),
        startedAt: time.nullable(),
        tty: z.string().nullable(),
        cpuSeconds: z.int().min(0),
        cpuPercent: z.number().min(0),
        rssBytes: z.int().min(0),
        app: z.string().nullable(),
      }),
    ),
  },
  exec: {
    exitCode: z.int().min(0).max(255).nullable(),
    signal: signalName.nullable(),
    stdout: z.string(),
    stdoutBase64: z.base64().optional(),
    stderr: z.string(),
    stderrBase64: z.base64().optional(),
  },
  doctor: { findings },
  hosts: {
    address: z.string(),
    user: z.string(),
    port: z.int().min(1).max(65_535),
    transport: z.enum(['ssh2', 'openssh']),
    source: z.string(),
    proxyJump: z.string().nullable(),
    proxyCommand: z.string().nullable(),
    identityFiles: z.array(z.string()),
    identitiesOnly: z.boolean(),
    hostKeyAlias: z.string().nullable(),
    userKnownHostsFiles: z.array(z.string()),
    notHonoured: z.array(z.string().regex(/^[A-Z][A-Za-z0-9]+$/)),
  },
};
const CHANGING_VERBS = ['start', 'stop', 'restart', 'signal', 'kill', 'wait', 'rm', 'adopt'];
const CHANGED_FIELDS = { apps: z.array(changedApp) };

/** The error of one outcome. */
export type ToldError = z.output<typeof error>;
/** One finding of `doctor`. */
export type ToldFinding = z.output<typeof findings>[number];
/** One app of one outcome, whatever the verb. */
export type ToldApp = z.output<typeof seenApp> &
  Partial<Omit<z.output<typeof inspectedApp>, 'changed'>> &
  Partial<Omit<z.output<typeof deployedApp>, 'changed'>> &
  Partial<Pick<z.output<typeof releasedApp>, 'releases'>> & { changed?: boolean | null };

/** One host's part of a document, whatever the verb. */
export interface ToldOutcome {
  readonly host: string;
  readonly ok: boolean | null;
  readonly error?: ToldError;
  readonly apps?: readonly ToldApp[];
  readonly [field: string]: unknown;
}

/** What `--json` prints. */
export interface ToldDocument {
  readonly schema: 'outlast/1';
  readonly verb: string | null;
  /** Of a run with `--shard`: which part it was, and how it ended. */
  readonly shard?: { readonly index: number; readonly count: number; readonly exitCode: number };
  readonly ok: boolean;
  readonly outcomes: readonly ToldOutcome[];
  readonly error?: ToldError;
  /** Of `doctor`: what was found here rather than on a host. */
  readonly laptop?: { readonly findings: readonly ToldFinding[] };
}

/** Reads one outcome of a verb, which is also one line of `--ndjson`; throws when it does not have the documented shape. */
export function readOutcome(verb: string, value: unknown): ToldOutcome {
  return buildOutcomeSchema(verb).parse(value) as ToldOutcome;
}

/** Reads the document of a verb; throws when it does not have the documented shape. */
export function readDocument(verb: string, text: string): ToldDocument {
  const value: unknown = JSON.parse(text);
  const document = z
    .strictObject({
      schema: z.literal('outlast/1'),
      verb: z.literal(verb).nullable(),
      shard: z
        .strictObject({ index: z.int().min(1), count: z.int().min(1), exitCode: z.int().min(0).max(255) })
        .optional(),
      ok: z.boolean(),
      outcomes: z.array(buildOutcomeSchema(verb)),
      error: error.optional(),
      ...(verb === 'doctor' ? { laptop: z.strictObject({ findings }).optional() } : {}),
    })
    .parse(value) as ToldDocument;
  const laptopOk = document.laptop?.findings.every(({ level }) => level !== 'problem') ?? true;
  const allOk = document.error === undefined && laptopOk && document.outcomes.every(({ ok }) => ok === true);
  if (document.ok !== allOk) throw new Error(`"ok" is ${document.ok}, its outcomes say ${allOk}`);
  return document;
}

/** Lists the fields of a verb's rows, which are the members of that list, and of its outcomes; those of an error with the way to them. */
export function listDocumentFields(verb: string, list: string | undefined): string[] {
  const { [list ?? '']: rows, ...rest } = findFields(verb);
  const own = rows instanceof z.ZodArray ? Object.keys((rows.element as z.ZodObject).shape) : [];
  const ofError = Object.keys(error.shape).map((name) => `error.${name}`);
  return [...own, ...Object.keys(rest), 'host', 'ok', 'error', ...ofError];
}

function findFields(verb: string): z.ZodRawShape {
  const fields = CHANGING_VERBS.includes(verb) ? CHANGED_FIELDS : FIELDS[verb];
  if (fields === undefined) throw new Error(`no shape is documented for ${verb}`);
  return fields;
}

function buildOutcomeSchema(verb: string): z.ZodType {
  const fields = findFields(verb);
  const host = z.string();
  return z.union([
    z.strictObject({ host, ok: z.literal(true), ...fields }),
    z.strictObject({ host, ok: z.literal(false), ...fields, error: error.optional() }),
    z.strictObject({ host, ok: z.literal(null), ...fields, error }),
    z.strictObject({ host, ok: z.literal([false, null]), error }),
  ]);
}
