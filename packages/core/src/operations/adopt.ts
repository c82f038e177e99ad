import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { OutlastError } from '../errors.js';
import { ADOPT_FUNCTIONS } from '../lifecycle/adopt-app.js';
import { buildAdoptedFileFunctions } from '../lifecycle/adopted-files.js';
import { START_FUNCTIONS } from '../lifecycle/start-app.js';
import type { AppReport } from '../model/app.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { createProtocolError, type Reply } from '../wire/reply.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';
import { buildStartHead, explainLock, type StartOptions } from './start.js';

/** Which process becomes which app. */
export interface AdoptOptions extends Omit<StartOptions, 'spec' | 'settleMs'> {
  readonly pid: number;
  /** Its start time in ticks since boot, where it was found by something else than its pid; null takes whatever has the pid now. */
  readonly start: string | null;
}

/**
 * Makes an app of a process that runs already: from then on it is looked at, signalled, stopped and restarted as any other.
 *
 * Its argv, folder and environment are recorded on the host for a later restart. Nobody is its parent for us, so how it ends by itself is
 * not known: it will be `lost`. It may share group and session with strangers, so its tree is itself and its descendants. Adopted
 * already under this name is success without a change. While a release of the app takes the place of another it is `E_LOCKED`.
 */
export const adopt: Operation<AdoptOptions, AppResult> = {
  name: 'adopt',
  mutates: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: `adopt pid ${options.pid} as`,
      apps: [options.app],
      keepEnvironment: true,
      functions: [
        ...CHANGE_FUNCTIONS,
        TREE_FUNCTIONS,
        START_FUNCTIONS,
        READ_LOCK_FUNCTIONS,
        ADOPT_FUNCTIONS,
        buildAdoptedFileFunctions(`END_${frame.nonce}`),
      ],
      body: sh`
        ${raw(buildStartHead({ ...options, settleMs: 0 }))}
        need readlink sed wc || return 1
        check_claim=check_deploy
        check_deploy && { adopt_app ${options.pid} ${options.start ?? '-'} || { [ "\${pid-}" = ${options.pid} ] && ! is_taken; }; } && settle_debt
        report ${options.app}
      `,
    }),
  parse: parseAdopted,
};

function parseAdopted(reply: Reply): AppResult {
  const answer = reply.records.find((record) => record.kind === 'STARTED');
  const [result] = buildAppResults(reply, 'STARTED', ({ report }, how) => {
    const other = answer?.fields[2] === 'different';
    return { changed: how === 'adopted', ...(other && { error: createTakenError(report) }) };
  });
  if (result === undefined) throw createProtocolError('the app that was adopted');
  return explainLock(result, reply);
}

function createTakenError({ app, pid, state }: AppReport): OutlastError {
  const what = pid === null ? `is ${state}` : `runs already with pid ${pid}`;
  return new OutlastError('E_ALREADY_RUNNING', `${app} ${what}, which is another process`, {
    hint: `adopt it under another name, or first: outlast stop ${app}`,
  });
}
