import { protectProgramName } from '../shell/quote.js';
import { raw, sh } from '../shell/template.js';
import { type AppSpec, DEFAULT_LAUNCHER, formatAppSpec } from '../state/app-spec.js';
import { SUPERVISOR_SCRIPT } from '../supervisor/supervisor-script.js';

/** How long an app has to live for its earlier failures to be forgotten: the longest back-off, and at least ten seconds. */
const LEAST_STABLE_SECONDS = 10;

/**
 * Shell functions that write what a new run needs: `print_launch`, `check_cwd`, `read_launcher` and `write_run_files`.
 *
 * @param delimiter ends the texts; it must not occur in them, so it is made from the nonce.
 */
export function buildRunFileFunctions(spec: AppSpec, delimiter: string): string {
  return sh`
    print_launch() {
      cat <<'${raw(delimiter)}'
    ${raw(buildLaunch(spec))}
    ${raw(delimiter)}
    }

    check_cwd() {
      (${raw(buildCwdChange(spec.cwd))}) 2>/dev/null || fail E_CWD "$app" ${spec.cwd ?? '~'}
    }

    read_launcher() { run_launcher=${spec.launcher}; }

    write_run_files() {
      {
        cat >"$record_path.spec" <<'${raw(delimiter)}' &&
    ${raw(formatAppSpec(spec).join('\n'))}
    ${raw(delimiter)}
          cat >"$record_path.settings" <<'${raw(delimiter)}' &&
    ${raw(buildSettings(spec))}
    ${raw(delimiter)}
          print_launch >"$record_path.launch" &&
          cat >"$record_path.sh" <<'${raw(delimiter)}'
    ${raw(SUPERVISOR_SCRIPT)}
    ${raw(delimiter)}
      } 2>/dev/null
    }
  `;
}

/** Shell functions with the same names that take everything from the latest run of the app. */
export const COPY_RUN_FILE_FUNCTIONS = sh`
  print_launch() { cat "$app_dir/run.$previous.launch"; }

  # check_recorded: an app that is unknown here is no error; one whose only start was given up beforehand is.
  check_recorded() {
    [ "$previous" -gt 0 ] || { say "STARTED $app unknown"; return 1; }
    [ -r "$app_dir/run.$previous.launch" ] || fail E_START_FAILED "$app" 'its last start was given up before it was recorded what to run'
  }

  # read_launcher: records of old know only one.
  read_launcher() {
    run_launcher=$(
      settings_launcher=${DEFAULT_LAUNCHER}
      . "$app_dir/run.$previous.settings"
      echo "$settings_launcher"
    )
  }

  write_run_files() {
    for part in spec settings launch sh; do
      cp "$app_dir/run.$previous.$part" "$record_path.$part" 2>/dev/null || return 1
    done
  }
`;

/** The settings that the supervisor and a stop read. */
export function buildSettings(spec: Pick<AppSpec, 'launcher' | 'restart' | 'stop' | 'log'>): string {
  const [backoffMin, backoffMax] = spec.restart.backoffSeconds;
  return sh`
    policy=${spec.restart.policy}
    max_restarts=${spec.restart.max}
    backoff_min=${backoffMin}
    backoff_max=${backoffMax}
    stable_after=${Math.max(backoffMax, LEAST_STABLE_SECONDS)}
    settings_launcher=${spec.launcher}
    settings_signal=${spec.stop.signal}
    settings_grace=${Math.ceil(spec.stop.graceMs / 100)}
    log_max_size=${spec.log.maxSizeBytes ?? 0}
    log_keep=${spec.log.keep}
    log_split=${spec.log.split ? 'yes' : 'no'}`;
}

/** The last stage: from here to the app there are only `exec`s, so the pid that was recorded stays. */
function buildLaunch(spec: AppSpec): string {
  const variables = Object.entries({ ...spec.env, ...spec.secretEnv })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => buildExport(name, value));
  return [buildCwdChange(spec.cwd), buildArguments(spec), ...variables, buildExec(spec)].join('\n');
}

/** Where bash is /bin/sh, an assignment to one of these ends the whole shell without a word of why. */
const READ_ONLY_IN_BASH: ReadonlySet<string> = new Set([
  'UID',
  'EUID',
  'PPID',
  'BASHOPTS',
  'SHELLOPTS',
  'BASH_VERSINFO',
]);

function buildExport(name: string, value: string): string {
  const assignment = sh`export ${raw(name)}=${[value]}`;
  if (!READ_ONLY_IN_BASH.has(name)) return assignment;
  return sh`(${raw(assignment)}) 2>/dev/null || { echo ${`outlast: the shell of this host does not let ${name} be set`} >&2; exit 126; }
${raw(assignment)}`;
}

function buildCwdChange(cwd: string | null): string {
  const home = sh`cd -- "\${HOME:-/}" || cd /`;
  if (cwd === null || cwd === '~') return home;
  if (cwd.startsWith('~/')) return sh`cd -- "\${HOME:-/}"/${cwd.slice(2)} || exit 126`;
  if (cwd.startsWith('/')) return sh`cd -- ${cwd} || exit 126`;
  return sh`${raw(home)}; cd -- ${`./${cwd}`} || exit 126`;
}

/** The program is looked up before the app's own environment is set: its PATH may not lead there. */
function buildArguments(spec: AppSpec): string {
  const argv = protectProgramName(spec.argv);
  if (spec.hup === 'default') return sh`set -- ${argv}`;
  return sh`
    unalias nohup 2>/dev/null # mksh has one
    set -- "$(command -v nohup)" ${argv}`;
}

/** What becomes the app: the positional parameters are nohup, where the host has it, and the argv. */
export function buildExec(spec: Pick<AppSpec, 'hup'>): string {
  if (spec.hup === 'default') return 'exec "$@"';
  return sh`
    case $1 in
    /*) exec "$@" ;;
    esac
    shift
    trap '' HUP
    exec "$@"`;
}
