import { createLockedError, describeWho } from '../deploy/locked-error.js';
import { type ErrorDetails, OutlastError } from '../errors.js';
import { isLive } from '../model/app.js';
import { formatTime } from '../state/resolve-state.js';
import { getSignalName } from '../values/signal-name.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { createProtocolError, findRecord, parseRemoteErrors, type RemoteError, type Reply } from '../wire/reply.js';
import { type AppResult, buildSeenApp, createRemoteError, requireReport, type SeenApp } from './operation.js';
import { findCodeHint, findElsewhere, splitLines } from './start.js';

/** One step of a deploy, as the host took it. */
export interface DeployStep {
  readonly name: 'lock' | 'restore' | 'upload' | 'setup' | 'port' | 'stop' | 'switch' | 'start' | 'health' | 'rollback';
  readonly ok: boolean;
  readonly seconds: number;
}

/** What became of a deploy on one host; `report.release` is the release that runs now, null when nothing runs. */
export interface DeployResult extends AppResult {
  /** The release that ran before. */
  readonly previousRelease: string | null;
  /** The release that was to run; null where it did not come so far that there is one. */
  readonly attemptedRelease: string | null;
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
  // It was all done by a script of this very request whose answer was lost.
  const wentOn = findRecord(reply, 'WENTON') !== undefined;
  const isDone = (name: DeployStep['name']) => steps.some((step) => step.name === name && step.ok);
  return {
    ...seen,
    report: { ...seen.report, release: isLive(seen.report.state) ? seen.report.release : null },
    changed: steps.some(({ name }) => name === 'restore') || isDone('stop') || isDone('switch') || wentOn,
    previousRelease: parseReleaseWord(findRecord(reply, 'PREVIOUS')?.fields[1]),
    attemptedRelease: parseReleaseWord(findRecord(reply, 'ATTEMPTED')?.fields[1]),
    rolledBack: undone !== undefined && isDone('switch') && isDone('rollback'),
    steps,
    notices: listNotices(reply),
    ...(findRecord(reply, 'LOGOUT')?.fields[1] === 'unknown' && { logoutUnknown: true }),
    ...(error ? { error } : findLateEnd(seen, reply)),
  };
}

/** What was told as healthy may be gone by the time at which that is told; of what was done some time ago that says nothing. */
function findLateEnd({ report: { state, exitCode, signal } }: SeenApp, reply: Reply): Pick<DeployResult, 'error'> {
  if (isLive(state) || findRecord(reply, 'AGAIN') !== undefined) return {};
  if (state === 'stopped')
    return { error: new OutlastError('E_STOPPED', 'somebody has stopped it since it was healthy') };
  const hint = 'see why with: outlast logs';
  return {
    error: new OutlastError('E_START_FAILED', 'it was healthy, and has ended since', { exitCode, signal, hint }),
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
  const isRestored = steps.every(({ name, ok }) => !['restore', 'rollback'].includes(name) || ok);
  // What was healthy could not be brought back at first: what came behind that counts.
  if (reason === undefined && steps.some(({ name, ok }) => !ok && name !== 'restore'))
    return new OutlastError('E_UNKNOWN_RESULT', 'the host did not say why it failed', {
      hint: 'look with: outlast history, outlast status',
    });
  if (reason === undefined || isRestored) return reason;
  const details = later.map((each) => createDeployError(reply, each).message).join('; ') || 'it did not start';
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

const WHEN_IT_ENDED: Partial<Record<string, string>> = {
  before: 'it ended before it was healthy',
  after: 'it was healthy, and then it ended',
};

function createEndError(reply: Reply, [, kind, value, healthy = '']: readonly string[]): OutlastError {
  const exitCode = kind === 'code' ? Number(value) : null;
  const signal = kind === 'signal' ? getSignalName(Number(value)) : null;
  const end = signal === null ? `exit code ${exitCode ?? 'unknown'}` : `killed by ${signal}`;
  const hint = findElsewhere(reply) ?? findCodeHint(exitCode);
  const when = WHEN_IT_ENDED[healthy];
  return new OutlastError('E_START_FAILED', `${when ?? 'it ended within the settle time'}: ${end}`, {
    exitCode,
    signal,
    lastLines: readLines(reply, when === undefined ? 'STARTED' : 'UNHEALTHY'),
    ...(hint === undefined ? {} : { hint }),
  });
}

function createDeployError(reply: Reply, error: RemoteError): OutlastError {
  const base = createRemoteError(error);
  if (error.code === 'E_LOCKED')
    return createLockedError(reply, 'wait for it with --wait 5m, or end it with --take-over');
  if (error.code === 'E_STOPPED') {
    const who = describeWho(findRecord(reply, 'HALTED')?.fields[1]);
    return new OutlastError(base.code, `${who} stopped it meanwhile, so it was not started`, {
      ...base.details,
      hint: 'deploy it again once it may run',
    });
  }
  if (error.code === 'E_UPLOAD' && findRecord(reply, 'FULL') !== undefined)
    return new OutlastError(base.code, base.message, {
      ...base.details,
      hint: 'make room on that disk of the host, then deploy again',
    });
  const shown: Partial<Record<string, string>> = { E_SETUP_FAILED: 'SETUP', E_UNHEALTHY: 'UNHEALTHY' };
  const kind = shown[error.code];
  if (kind === undefined) return base;
  const details: ErrorDetails = { ...base.details, exitCode: readCode(reply), signal: null };
  const isSilent = findRecord(reply, 'UNHEALTHY')?.fields[1] === 'silent';
  const hint = isSilent
    ? 'does it listen on $PORT, at 127.0.0.1 or everywhere?'
    : findCodeHint(details.exitCode ?? null);
  return new OutlastError(base.code, base.message, {
    ...details,
    lastLines: readLines(reply, kind),
    ...(hint && { hint }),
  });
}

function readCode(reply: Reply): number | null {
  const code = findRecord(reply, 'SETUP')?.fields[1] ?? '';
  return /^[0-9]+$/.test(code) ? Number(code) : null;
}

function readLines(reply: Reply, kind: string): string[] {
  const record = findRecord(reply, kind);
  return record === undefined ? [] : splitLines(decodeUtf8(record.data));
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
