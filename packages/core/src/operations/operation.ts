import { ERROR_CODES, type ErrorCode, OutlastError } from '../errors.js';
import { IDENTITY_FUNCTIONS } from '../identity/identity.js';
import { createLogoutError } from '../lifecycle/logout-error.js';
import type { AppReport } from '../model/app.js';
import { REPORT_FUNCTIONS } from '../report/report-script.js';
import type { Frame } from '../shell/script.js';
import {
  JUDGE_FUNCTIONS,
  LAYOUT_FUNCTIONS,
  LEADING_RUN_FUNCTIONS,
  RECORD_CHECK_FUNCTIONS,
  RECORDED_FUNCTIONS,
} from '../state/layout.js';
import { buildAppReport } from '../state/resolve-state.js';
import { type HostFacts, type HostReport, parseReport, type RunFacts } from '../state/run-facts.js';
import { createProtocolError, parseRemoteErrors, type RemoteError, type Reply } from '../wire/reply.js';

/** A pure pair: builds the script of one verb for one host, and reads its answer. */
export interface Operation<Options, Result> {
  readonly name: string;
  /** True when it changes something, so that without its answer nobody knows whether it was done. */
  readonly mutates: boolean;
  /**
   * True when the same options may be sent again after a lost answer: the host knows by their request id, or sees, what was done already
   * and does not do it twice.
   */
  readonly repeatable?: boolean;
  /** True when the script lasts no longer than the client keeps saying something on its input (`shell/lease.ts`). */
  readonly leased?: boolean;
  build(options: Options, frame: Frame): string;
  /**
   * Reads a complete answer.
   *
   * @throws OutlastError for what could not be done on this host at all.
   */
  parse(reply: Reply, options: Options): Result;
}

/** An app as a host has it at this moment. */
export interface SeenApp {
  readonly report: AppReport;
  /** pid, start time and boot id of the app's own process, in one word; null when it does not live. */
  readonly identity: string | null;
}

/** What became of one app on one host. */
export interface AppResult extends SeenApp {
  readonly changed: boolean;
  /** A signal ended its process, and the restart policy starts another. */
  readonly startsAgain?: boolean;
  /** Whether it outlives the logout is not known: the host's logind did not say what it ends then. */
  readonly logoutUnknown?: boolean;
  readonly error?: OutlastError;
}

/** The functions that every script about apps begins with. */
export const BASE_FUNCTIONS = [IDENTITY_FUNCTIONS, LAYOUT_FUNCTIONS, REPORT_FUNCTIONS] as const;

/** The functions of scripts that look at the run that counts of an app. */
export const RUN_FUNCTIONS = [...BASE_FUNCTIONS, RECORDED_FUNCTIONS, LEADING_RUN_FUNCTIONS] as const;

/** The functions of scripts that change something. */
export const CHANGE_FUNCTIONS = [...RUN_FUNCTIONS, RECORD_CHECK_FUNCTIONS, JUDGE_FUNCTIONS] as const;

/** The report in an answer; throws what the host itself said when there is none. */
export function requireReport(reply: Reply): HostReport {
  throwHostErrors(reply);
  const report = parseReport(reply);
  const whole = reply.records.some(({ kind }) => kind === 'REPORTED');
  if (report === undefined || !whole) throw createProtocolError('the report of its apps');
  return report;
}

/** Throws the first error that concerns the host rather than one app. */
export function throwHostErrors(reply: Reply): void {
  const error = parseRemoteErrors(reply).find(({ app }) => app === null);
  if (error !== undefined) throw createRemoteError(error);
}

/** Makes the error for what a script said it could not do. */
export function createRemoteError({ code, app, detail }: RemoteError): OutlastError {
  const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : 'E_PROTOCOL';
  if (known === 'E_KILLED_AT_LOGOUT') return createLogoutError(detail);
  const hint = HINTS[known]?.replace('APP', app ?? 'APP');
  const message = detail === '' ? ERROR_CODES[known] : `${MESSAGES[known] ?? ERROR_CODES[known]}: ${detail}`;
  return new OutlastError(known, message, hint === undefined ? {} : { hint });
}

/** What a report says of one app. */
export function buildSeenApp(facts: RunFacts, host: HostFacts): SeenApp {
  const { process } = facts;
  const identity = process?.liveness ? `${process.pid}:${process.start}:${process.boot}` : null;
  return { report: buildAppReport(facts, host), identity };
}

/**
 * Makes a result for each app that a script reported; `read` adds what the verb says of it in its record `kind`. Where the script says
 * neither that nor an error, something on the host has ended it half-way: what became of the app is not known.
 */
export function buildAppResults(
  reply: Reply,
  kind: string,
  read: (result: AppResult, answer: string) => Partial<AppResult>,
): AppResult[] {
  const { host, runs } = requireReport(reply);
  const errors = parseRemoteErrors(reply);
  return runs.map((facts) => {
    const result = { ...buildSeenApp(facts, host), changed: false };
    const remote = errors.find(({ app }) => app === facts.app);
    const answer = reply.records.find((record) => record.kind === kind && record.fields[0] === facts.app)?.fields[1];
    const error = remote === undefined ? undefined : createRemoteError(remote);
    if (answer === undefined) return { ...result, error: error ?? createUnansweredError(facts.app) };
    return { ...result, ...read(result, answer), ...(error && { error }) };
  });
}

function createUnansweredError(app: string): OutlastError {
  return new OutlastError('E_UNKNOWN_RESULT', `the host did not say what became of ${app}`, {
    hint: `look with: outlast status ${app}; is the host short of memory or processes?`,
  });
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  E_STATE_DIR: 'the state folder cannot be used',
  E_UNSUPPORTED_HOST: 'the host cannot be managed',
  E_CWD: 'no such folder on the host, or not allowed in',
  E_STOP_FAILED: 'not everything could be stopped',
  E_START_FAILED: 'not started',
  E_ESCAPED: 'the app is stopped, but what has left it runs on, with pid',
  E_CORRUPT: 'cannot be understood, so nothing was touched',
  E_LAUNCHER: 'systemd cannot start it',
  E_RUNTIME: 'what it is to run with is not there',
  E_PORT_TAKEN: 'the port is taken',
  E_NOT_DEPLOYED: 'no release of it is there',
  E_UPLOAD: 'the release did not come whole',
  E_SETUP_FAILED: 'the setup failed, so the release was not switched to',
  E_UNHEALTHY: 'it is not healthy',
  E_NO_RELEASE: 'nothing to go back to',
  E_NO_SUCH_PROCESS: 'there is no such process',
  E_ADOPT_REFUSED: 'not adopted',
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  E_STATE_DIR: 'make room or mend the permissions there, or set XDG_STATE_HOME for this user on the host',
  E_UNSUPPORTED_HOST:
    'outlast needs the usual POSIX tools on the host, and /proc or a ps that knows lstart: see outlast doctor',
  E_CWD: 'give a folder that exists on the host with --cwd; without it the app starts in the home folder',
  E_LAUNCHER: 'start it with --launcher setsid, or see what a login says to: systemctl --user status',
  E_PORT_TAKEN: 'end what listens there, give the app another port, or let the host choose one with `port: auto`',
  E_NOT_DEPLOYED: 'outlast deploy APP puts one there, and starts it',
  E_LOCKED: 'wait until it is done: outlast history APP says who is at it',
  E_NO_RELEASE: 'see what there is with: outlast releases APP; --to ID goes to any that was healthy',
  E_UPLOAD: 'deploy it again: what has come is not sent a second time',
  E_STOPPING: 'wait until it has stopped, then start it again',
  E_STOP_FAILED: 'look at what is left with: outlast find PATTERN; processes of another user need that user',
  E_ESCAPED:
    'look at it with ps on the host, and end it by its pid; run the app in the foreground, without daemonising',
  E_CORRUPT:
    'a later outlast may read it; otherwise look for the app with: outlast find PATTERN, and once nothing of it runs remove its folder',
  E_RUNNING: 'what still lives is ended with: outlast stop APP; then it can be forgotten',
  E_NO_SUCH_PROCESS: 'look for it with: outlast find PATTERN',
};
