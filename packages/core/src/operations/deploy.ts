import { ACTIVATE_FUNCTIONS } from '../deploy/activate-release.js';
import { DEPLOY_LAYOUT_FUNCTIONS } from '../deploy/layout.js';
import { LOCK_FUNCTIONS } from '../deploy/lock.js';
import { buildHealthFunctions, type HealthSettings } from '../deploy/probe-health.js';
import { RECEIVE_FUNCTIONS } from '../deploy/receive-upload.js';
import { buildSetupFunctions, type SetupOptions } from '../deploy/set-up-release.js';
import { SWITCH_FUNCTIONS } from '../deploy/switch-release.js';
import { type ErrorDetails, OutlastError } from '../errors.js';
import { LAUNCHER_FUNCTIONS } from '../lifecycle/launcher.js';
import { LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { buildRunFileFunctions, COPY_RUN_FILE_FUNCTIONS } from '../lifecycle/run-files.js';
import { START_FUNCTIONS } from '../lifecycle/start-app.js';
import { isLive } from '../model/app.js';
import { LEASE_FUNCTIONS } from '../shell/lease.js';
import { buildScript, type Frame } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { formatTime } from '../state/resolve-state.js';
import { quoteForMessage } from '../values/escape-for-message.js';
import { getSignalName } from '../values/signal-name.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { createProtocolError, findRecord, parseRemoteErrors, type RemoteError, type Reply } from '../wire/reply.js';
import { decodeToken, encodeToken } from '../wire/token.js';
import { type AppResult, buildSeenApp, createRemoteError, requireReport } from './operation.js';
import { buildStartHead, findCodeHint, splitLines } from './start.js';
import { STOPPING_FUNCTIONS } from './stop.js';

/** One release of one app, and how it takes its place. */
export interface DeployOptions extends SetupOptions {
  readonly app: string;
  /** How it runs; `inRelease`. */
  readonly spec: AppSpec;
  /** Unguessable id of this request: sent again after a lost answer, it is told what became of it. */
  readonly request: string | null;
  /** `user@laptop`, for the record. */
  readonly by: string;
  /** Why, for whoever finds the lock taken; null says nothing. */
  readonly reason: string | null;
  /** How long it has to live for the start to count, in milliseconds. */
  readonly settleMs: number;
  /** Id of the release, should it become a new one. */
  readonly release: string;
  /** SHA-256 of the manifest. */
  readonly manifestHash: string;
  /** SHA-256 of everything that a release is made of, the manifest included. */
  readonly content: string;
  /** What the release was made from, for the record; null where that is not known. */
  readonly commit: string | null;
  readonly health: HealthSettings;
  /** So many releases are kept, the current one included. */
  readonly keepReleases: number;
  /** How long somebody else is waited for, in milliseconds. */
  readonly waitMs: number;
  /** Ends whoever deploys it at this moment. */
  readonly takeOver: boolean;
  /** Makes a new release of content that is current already. */
  readonly force: boolean;
}

const RELEASE_ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{8}$/;

/** Builds the script that brings a release to a host and lets it take its place; `deploy/receive-upload.ts` says what it wants from its client. */
export function buildDeployScript(options: DeployOptions, frame: Frame): string {
  const { app, spec, health } = options;
  const end = `END_${frame.nonce}`;
  return buildScript(frame, {
    title: 'deploy',
    apps: [app],
    keepEnvironment: true,
    keepStdin: true,
    functions: [
      ...STOPPING_FUNCTIONS,
      LOGOUT_FUNCTIONS,
      LAUNCHER_FUNCTIONS,
      START_FUNCTIONS,
      LEASE_FUNCTIONS,
      DEPLOY_LAYOUT_FUNCTIONS,
      LOCK_FUNCTIONS,
      RECEIVE_FUNCTIONS,
      buildSetupFunctions(options, spec),
      SWITCH_FUNCTIONS,
      buildHealthFunctions(health, spec),
      ACTIVATE_FUNCTIONS,
      nestFunctions('use_recorded_files', COPY_RUN_FILE_FUNCTIONS),
      nestFunctions('use_new_files', buildRunFileFunctions(spec, end)),
      DEPLOY_FUNCTIONS,
    ],
    body: sh`
      ${raw(buildStartHead(options))}
      need find readlink sed sort tar xargs || return 1
      release=${parseReleaseId(options.release)} content=${options.content} force=${options.force ? 'yes' : 'no'}
      enter_deploys ${app}
      open_deploys && find_hash_program || return 1
      if take_lock deploy ${encodeToken(options.reason)} ${Math.ceil(options.waitMs / 100)} ${options.takeOver ? 'yes' : 'no'}; then
        if deploy_release ${options.manifestHash} ${encodeToken(options.commit)} ${options.keepReleases}; then
          release_lock "$deployed"
        else
          release_lock failed
        fi
      fi
      report ${app}
    `,
  });
}

/** Defines functions once it is called. */
export function nestFunctions(name: string, functions: string): string {
  return `${name}() {\n${functions}\n}`;
}

/**
 * Checks the id of a release and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is none: it becomes a path on the host.
 */
export function parseReleaseId(id: string): string {
  if (RELEASE_ID.test(id)) return id;
  throw new OutlastError('E_USAGE', `${quoteForMessage(id)} is not the id of a release`, {
    hint: 'one looks like 20261128-175400-0a1b2c3d: see outlast releases APP',
  });
}

const DEPLOY_FUNCTIONS = sh`
  # deploy_release MANIFEST COMMIT KEEP: sets deployed to how it went.
  deploy_release() {
    deployed=ok
    clear_up
    mend_runs
    read_current
    if is_content_there; then
      tell "SAME $app $release"
      if is_running_as_asked; then deployed=unchanged; return 0; fi
    else
      note_stage upload || return 1
      run_step upload upload_release "$1" "$2" || return 1
    fi
    note_stage setup || return 1
    hold_lease
    if [ "$release_state" = good ]; then prepare_runtime || return 1; else run_step setup prepare_release || return 1; fi
    await_go
    use_new_files
    activate_release && finish_release "$3"
  }

  # is_content_there: whether the release that was healthy last is made of the same; release is that one then.
  is_content_there() {
    release_state=none
    [ "$force" = no ] && [ -n "$good" ] && [ "$good" = "$current" ] && read_release "$good" || return 1
    if [ "$release_content" != "$content" ] || [ ! -d "$deploy_dir/releases/$good" ]; then release_state=none; return 1; fi
    release=$good
  }

  is_running_as_asked() {
    read_running
    [ "$phase" = running ] && [ "$running" = "$release" ] || return 1
    use_new_files
    run_release=$release
    [ "$(compare_launch)" = same ]
  }

  upload_release() { receive_release "$1" && keep_release "$content" "$2"; }

  prepare_release() {
    rm -f "$deploy_dir/records/$release.setup.log"
    prepare_runtime && set_up_release || { note_state "$release" failed; return 1; }
    note_state "$release" ready
  }
`;

/** One step of a deploy, as the host took it. */
export interface DeployStep {
  readonly name: 'upload' | 'setup' | 'port' | 'stop' | 'switch' | 'start' | 'health' | 'rollback';
  readonly ok: boolean;
  readonly seconds: number;
}

/** What became of a deploy on one host; `report.release` is the release that runs now, null when nothing runs. */
export interface DeployResult extends AppResult {
  /** The release that ran before. */
  readonly previousRelease: string | null;
  /** A switch was undone. */
  readonly rolledBack: boolean;
  readonly steps: readonly DeployStep[];
  /** What whoever deploys should know besides: of a deploy before that did not come to its end, of a lock that was taken over. */
  readonly notices: readonly string[];
}

/** Reads the answer of a deploy or a rollback. */
export function parseDeployed(reply: Reply, app: string): DeployResult {
  const { host, runs } = requireReport(reply);
  const facts = runs.find((each) => each.app === app);
  if (facts === undefined) throw createProtocolError('the app that was deployed');
  const seen = buildSeenApp(facts, host);
  const steps = parseSteps(reply);
  const error = findDeployError(reply, steps);
  const undone = findRecord(reply, 'ROLLEDBACK');
  const isDone = (name: DeployStep['name']) => steps.some((step) => step.name === name && step.ok);
  return {
    ...seen,
    report: { ...seen.report, release: isLive(seen.report.state) ? seen.report.release : null },
    changed: isDone('stop') || isDone('switch'),
    previousRelease: parseReleaseWord(findRecord(reply, 'PREVIOUS')?.fields[1]),
    rolledBack: undone !== undefined && isDone('switch') && isDone('rollback'),
    steps,
    notices: listNotices(reply),
    ...(findRecord(reply, 'LOGOUT')?.fields[1] === 'unknown' && { logoutUnknown: true }),
    ...(error && { error }),
  };
}

function parseSteps({ records }: Reply): DeployStep[] {
  const ended = records.filter(({ kind, fields }) => kind === 'STEP' && fields[2] !== 'begin');
  return ended.map(({ fields: [, name, how, tenths] }) => ({
    name: name as DeployStep['name'],
    ok: how === 'ok',
    seconds: Number(tenths) / 10,
  }));
}

function parseReleaseWord(word: string | undefined): string | null {
  return word === undefined || word === '-' ? null : word;
}

/** The first thing that went wrong is the reason; what goes wrong with a rollback besides is told with it. */
function findDeployError(reply: Reply, steps: readonly DeployStep[]): OutlastError | undefined {
  const [first, ...others] = parseRemoteErrors(reply);
  const ended = findRecord(reply, 'ENDED');
  const isEndFirst = ended !== undefined && (first === undefined || isBehind(reply, first));
  const reason = isEndFirst ? createEndError(reply, ended.fields) : first && createDeployError(reply, first);
  const later = isEndFirst && first ? [first, ...others] : others;
  const isRestored = steps.every(({ name, ok }) => name !== 'rollback' || ok);
  if (reason === undefined || isRestored) return reason;
  const details = later.map((each) => createRemoteError(each).message).join('; ') || 'it did not start';
  return new OutlastError(reason.code, `${reason.message}; and what ran before could not be brought back: ${details}`, {
    ...reason.details,
    hint: 'look at the host: outlast status, outlast logs; then deploy again, or outlast rollback',
  });
}

/** Whether the app had ended before that went wrong. */
function isBehind({ records }: Reply, error: RemoteError): boolean {
  const at = records.findIndex(({ kind, fields }) => kind === 'ERROR' && fields[0] === error.code);
  return records.findIndex(({ kind }) => kind === 'ENDED') < at;
}

function createEndError(reply: Reply, [, kind, value]: readonly string[]): OutlastError {
  const exitCode = kind === 'code' ? Number(value) : null;
  const signal = kind === 'signal' ? getSignalName(Number(value)) : null;
  const end = signal === null ? `exit code ${exitCode ?? 'unknown'}` : `killed by ${signal}`;
  const hint = findCodeHint(exitCode);
  return new OutlastError('E_START_FAILED', `it ended within the settle time: ${end}`, {
    exitCode,
    signal,
    lastLines: readLines(reply, 'STARTED'),
    ...(hint === undefined ? {} : { hint }),
  });
}

function createDeployError(reply: Reply, error: RemoteError): OutlastError {
  const base = createRemoteError(error);
  if (error.code === 'E_LOCKED') return createLockedError(reply);
  const shown: Partial<Record<string, string>> = { E_SETUP_FAILED: 'SETUP', E_UNHEALTHY: 'UNHEALTHY' };
  const kind = shown[error.code];
  if (kind === undefined) return base;
  const details: ErrorDetails = { ...base.details, exitCode: readCode(reply), signal: null };
  return new OutlastError(base.code, base.message, { ...details, lastLines: readLines(reply, kind) });
}

function readCode(reply: Reply): number | null {
  const code = findRecord(reply, 'SETUP')?.fields[1] ?? '';
  return /^[0-9]+$/.test(code) ? Number(code) : null;
}

function readLines(reply: Reply, kind: string): string[] {
  const record = findRecord(reply, kind);
  return record === undefined ? [] : splitLines(decodeUtf8(record.data));
}

function createLockedError(reply: Reply): OutlastError {
  const [, by, at, verb, reason] = findRecord(reply, 'HELD')?.fields ?? [];
  const why = decodeToken(reason ?? '');
  const since = formatTime(Number(at) || null);
  const because = typeof why === 'string' ? `: ${why}` : '';
  return new OutlastError(
    'E_LOCKED',
    `${describeWho(by)} is at a ${verb ?? 'deploy'} since ${since ?? 'some time'}${because}`,
    { hint: 'wait for it with --wait 5m, or end it with --take-over' },
  );
}

function listNotices({ records }: Reply): string[] {
  return records.flatMap(({ kind, fields: [, by, at, verb, stage] }) => {
    const when = formatTime(Number(at) || null) ?? 'an unknown time';
    if (kind === 'TAKEN') return [`taken over from ${describeWho(by)}, who was at a ${verb} since ${when}`];
    if (kind !== 'INTERRUPTED') return [];
    const where = stage === undefined || stage === '-' ? '' : `, at ${stage}`;
    return [
      `a ${verb} of ${describeWho(by)} from ${when} did not come to its end${where}; what it left was cleared up`,
    ];
  });
}

function describeWho(token: string | undefined): string {
  const name = decodeToken(token ?? '');
  return typeof name === 'string' ? name : 'somebody';
}
