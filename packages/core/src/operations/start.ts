import { createLockedError } from '../deploy/locked-error.js';
import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { OutlastError } from '../errors.js';
import { LAUNCHER_FUNCTIONS } from '../lifecycle/launcher.js';
import { LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { buildRunFileFunctions } from '../lifecycle/run-files.js';
import { START_FUNCTIONS } from '../lifecycle/start-app.js';
import type { AppReport } from '../model/app.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { decodeHexText, decodeUtf8 } from '../wire/bytes.js';
import { createProtocolError, findRecord, type Reply, type WireRecord } from '../wire/reply.js';
import { encodeToken } from '../wire/token.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';
import { buildRequest } from './request.js';

/** Who starts what, and how long it is watched. */
export interface StartOptions {
  readonly app: string;
  readonly spec: AppSpec;
  /**
   * Unguessable id of this request: the same id never starts a second time, and it marks the app's processes. Null lets the host make
   * one, for a script that is printed and may be run any number of times.
   */
  readonly request: string | null;
  /** `user@laptop`, for the record. */
  readonly by: string;
  /** How long the app has to live for the start to count, in milliseconds. */
  readonly settleMs: number;
}

/**
 * Starts an app detached, watches it for the settle time and reports it.
 *
 * An app that runs already with the same spec is left alone; with another spec that is `E_ALREADY_RUNNING`. One that ends within the
 * settle time is `E_START_FAILED` with its exit code and last log lines. While a release of it takes the place of another it is `E_LOCKED`.
 */
export const start: Operation<StartOptions, AppResult> = {
  name: 'start',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'start',
      apps: [options.app],
      keepEnvironment: true,
      functions: [
        ...CHANGE_FUNCTIONS,
        TREE_FUNCTIONS,
        LOGOUT_FUNCTIONS,
        LAUNCHER_FUNCTIONS,
        START_FUNCTIONS,
        READ_LOCK_FUNCTIONS,
        buildRunFileFunctions(options.spec, `END_${frame.nonce}`),
      ],
      body: sh`
        ${raw(buildStartHead(options))}
        leading_run
        check_claim=check_deploy # one that began meanwhile waits for whoever claimed before, and is seen by whoever claims behind it
        { is_own_request || check_deploy; } && check_cwd && check_proven && find_runtime ~ && { start_app || { is_own_request && ! is_taken; }; } && settle_debt
        report ${options.app}
      `,
    }),
  parse: (reply) => parseStarted(reply),
};

/** What every script that starts an app begins with; without a spec nobody knows which program it is. */
export function buildStartHead({
  app,
  request,
  by,
  settleMs,
  spec,
}: Omit<StartOptions, 'spec'> & Partial<StartOptions>): string {
  return sh`
    program=${findProgramName(spec)}
    request=${raw(buildRequest(request))} by=${encodeToken(by)} settle=${Math.ceil(settleMs / 100)}
    need awk cat chmod cp dd grep id ln ls mkdir mv od rm sleep tr || return 1
    open_state || return 1
    read_boot
    enter_app ${app}`;
}

/** Reads the answer of a script that started one app. */
export function parseStarted(reply: Reply): AppResult {
  const started = reply.records.find((record) => record.kind === 'STARTED');
  const [result] = buildAppResults(reply, 'STARTED', ({ report }, how) => {
    const error = started && findStartError(started, report, findElsewhere(reply));
    const logoutUnknown = findRecord(reply, 'LOGOUT')?.fields[1] === 'unknown';
    return {
      changed: how === 'new' || how === 'ended',
      ...(logoutUnknown && { logoutUnknown }),
      ...(error && { error }),
    };
  });
  if (result === undefined) throw createProtocolError('the app that was started');
  return explainLock(result, reply);
}

/** With who is at the app, where that is why nothing was done. */
export function explainLock(result: AppResult, reply: Reply): AppResult {
  if (result.error?.code !== 'E_LOCKED') return result;
  const hint = `wait until it is done; outlast stop ${result.report.app} ends it, with all that it has started`;
  return { ...result, error: createLockedError(reply, hint) };
}

function findStartError(
  { fields: [, how, same, ...left], data }: WireRecord,
  report: AppReport,
  elsewhere: string | undefined,
): OutlastError | undefined {
  if (how === 'already' && same === 'different') {
    const what = report.pid === null ? `is ${report.state}` : `runs already with pid ${report.pid}`;
    return new OutlastError('E_ALREADY_RUNNING', `${what}, with another argv, cwd or environment`, {
      hint: `to replace it: outlast restart ${report.app}, with all the flags that it needs, -- argv…`,
    });
  }
  if (how === 'new' && (report.state === 'stopping' || report.state === 'stopped'))
    return new OutlastError('E_STOPPED', 'somebody stopped it while it was started', {
      hint: `see who with: outlast inspect ${report.app}; start it again with: outlast start ${report.app}`,
    });
  if (how !== 'ended' && how !== 'again') return undefined;
  const lastLines = splitLines(decodeUtf8(data));
  const end = report.signal === null ? `exit code ${report.exitCode ?? 'unknown'}` : `killed by ${report.signal}`;
  const behind = left.length > 0 ? `, and left processes behind (${left.join(' ')})` : '';
  const hint =
    left.length > 0
      ? `end them with: outlast stop ${report.app}; run it in the foreground, without daemonising`
      : (elsewhere ?? findCodeHint(report.exitCode));
  return new OutlastError('E_START_FAILED', `it ended within the settle time: ${end}${behind}`, {
    exitCode: report.exitCode,
    signal: report.signal,
    lastLines,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The name that is looked up in PATH; empty where the program has a path, or nobody can tell. */
function findProgramName(spec: AppSpec | undefined): string {
  const [first = '', , line = ''] = spec?.argv ?? [];
  const name = spec?.shell ? (/^\s*(?:exec\s+)?([A-Za-z0-9_.+-]+)(?:\s|$)/.exec(line)?.[1] ?? '') : first;
  return /^[A-Za-z0-9_+][A-Za-z0-9_.+-]*$/.test(name) ? name : '';
}

/** What to do where the program that was not found is somewhere else. */
export function findElsewhere(reply: Reply): string | undefined {
  const [, how, path] = findRecord(reply, 'ELSEWHERE')?.fields ?? [];
  if (path === undefined) return undefined;
  const where = decodeHexText(path);
  return how === 'login'
    ? `sessions over SSH get a short PATH; a login shell finds it at ${where}: give that path, or set \`login_shell: true\` for the app`
    : `sessions over SSH get a short PATH; it is at ${where}: give that path`;
}

/** What to do about an exit code that the shell gives by itself. */
export function findCodeHint(exitCode: number | null): string | undefined {
  if (exitCode === 127)
    return 'the program was not found on the host: give its full path, since ssh sessions get a short PATH';
  if (exitCode === 126) return 'the program was found but could not be run: is it executable, for this machine?';
  return undefined;
}

/** Of one line of a log, in an error. */
const MAX_LINE_LENGTH = 500;

/** The lines of a log, none of them too long for an error. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)}…` : line));
}
