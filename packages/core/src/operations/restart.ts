import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { LAUNCHER_FUNCTIONS } from '../lifecycle/launcher.js';
import { LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { buildMaskFunction } from '../lifecycle/mask-secrets.js';
import { buildRunFileFunctions, COPY_RUN_FILE_FUNCTIONS } from '../lifecycle/run-files.js';
import { START_FUNCTIONS } from '../lifecycle/start-app.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import type { AppResult, Operation } from './operation.js';
import { buildStartHead, parseStarted, type StartOptions } from './start.js';
import { formatStopArguments, STOPPING_FUNCTIONS, type StopOptions } from './stop.js';

/** Like a start and a stop; without a spec the app runs again just as it was started the last time. */
export interface RestartOptions extends Omit<StartOptions, 'spec'>, Pick<StopOptions, 'signal' | 'graceMs'> {
  readonly spec?: StartOptions['spec'];
}

/**
 * Stops an app and starts it again in one script on the host, so that a client that dies in between leaves no app down.
 *
 * What the start needs is checked before the stop. An app that is not running is started.
 */
export const restart: Operation<RestartOptions, AppResult> = {
  name: 'restart',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'restart',
      apps: [options.app],
      keepEnvironment: true,
      functions: [
        ...STOPPING_FUNCTIONS,
        LOGOUT_FUNCTIONS,
        LAUNCHER_FUNCTIONS,
        START_FUNCTIONS,
        READ_LOCK_FUNCTIONS,
        options.spec === undefined
          ? `${COPY_RUN_FILE_FUNCTIONS}\n${buildMaskFunction({})}`
          : buildRunFileFunctions(options.spec, `END_${frame.nonce}`),
      ],
      body: sh`
        ${raw(buildStartHead(options))}
        leading_run
        previous=$run run_source=$app_dir/run.$run
        trap : HUP INT PIPE TERM # the stop's mark names this very shell; not '', which the app would inherit as ignored
        if is_own_request; then
          { start_app || ! is_taken; } && settle_debt # its answer was lost: what was stopped for it must not be stopped again
        ${raw(options.spec === undefined ? TELL_UNKNOWN : '')}elif check_deploy && ${raw(options.spec === undefined ? 'check_recorded' : 'check_cwd && find_runtime ~')} && check_proven && check_launcher && check_port && check_room; then
          (stop_app ${options.app} ${raw(formatStopArguments(options))}) && start_app && settle_debt
        fi
        report ${options.app}
      `,
    }),
  parse: (reply) => parseStarted(reply),
};

/** Without a spec there is nothing that an app could be started from which never ran here; that is no error. */
const TELL_UNKNOWN = `elif [ "$previous" = 0 ]; then
  say "STARTED $app unknown"
`;
