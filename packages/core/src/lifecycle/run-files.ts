import { buildRuntimeFunctions } from '../runtime/runtime.js';
import { protectProgramName, quoteWordWith } from '../shell/quote.js';
import { raw, sh } from '../shell/template.js';
import { type AppSpec, DEFAULT_LAUNCHER, formatAppSpec } from '../state/app-spec.js';
import { SUPERVISOR_SCRIPT } from '../supervisor/supervisor-script.js';
import { buildExports } from './exports.js';
import { buildMaskFunction } from './mask-secrets.js';

/** How long an app has to live for its earlier failures to be forgotten: the longest back-off, and at least ten seconds. */
const LEAST_STABLE_SECONDS = 10;

/**
 * Shell functions that write what a new run needs: `print_launch`, `print_settings`, `check_cwd`, `find_runtime`,
 * `mask_given`, `read_launcher`, `read_wanted_port` and `write_run_files`.
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

    print_settings() {
      cat <<'${raw(delimiter)}'
    ${raw(buildSettings(spec))}
    ${raw(delimiter)}
    }

    print_own_secrets() {
      cat <<'${raw(delimiter)}'
    ${raw(buildExports({ env: {}, secretEnv: spec.secretEnv }))}
    ${raw(delimiter)}
    }

    ${raw(buildCwdCheck(spec))}

    ${raw(spec.inRelease ? FIND_RELEASE_RUNTIME : buildRuntimeFunctions(spec.runtime))}

    ${raw(buildMaskFunction(spec.secretEnv))}

    read_launcher() { run_launcher=${spec.launcher}; }
    read_wanted_port() { wanted_port=${raw(String(spec.port ?? ''))}; }

    write_run_files() {
      {
        cat >"$record_path.spec" <<'${raw(delimiter)}' &&
    ${raw(formatAppSpec(spec).join('\n'))}
    ${raw(delimiter)}
          print_settings >"$record_path.settings" && print_launch >"$record_path.launch" && print_own_secrets >"$record_path.secrets" &&
          cat >"$record_path.sh" <<'${raw(delimiter)}' && write_release && write_runtime
    ${raw(SUPERVISOR_SCRIPT)}
    ${raw(delimiter)}
      } 2>/dev/null
    }
  `;
}

/**
 * Shell functions that take the same from the files of an earlier run, which begin with `$run_source`; the runtime comes with `check_recorded`, and
 * what there is to mask from the files themselves.
 */
export const COPY_RUN_FILE_FUNCTIONS = sh`
  print_launch() { cat "$run_source.launch"; }
  print_settings() { cat "$run_source.settings"; }

  # check_recorded: one whose only start was given up beforehand has nothing to start again.
  check_recorded() {
    read_record "$run_source.release" && run_release=$record
    runtime=$(cat "$run_source.runtime" 2>/dev/null)
    [ -r "$run_source.launch" ] || fail E_START_FAILED "$app" 'its last start was given up before it was recorded what to run'
  }

  # read_launcher: records of old know only one.
  read_launcher() {
    run_launcher=$(
      settings_launcher=${DEFAULT_LAUNCHER}
      . "$run_source.settings"
      echo "$settings_launcher"
    )
  }

  read_wanted_port() {
    wanted_port=$(
      settings_port=
      . "$run_source.settings"
      echo "$settings_port"
    )
  }

  write_run_files() {
    for part in spec settings launch sh; do
      cp "$run_source.$part" "$record_path.$part" 2>/dev/null || return 1
    done
    [ ! -e "$run_source.secrets" ] || cp "$run_source.secrets" "$record_path.secrets" 2>/dev/null || return 1
    write_release && write_runtime
  }
`;

/** The settings that the supervisor and a stop read. */
export function buildSettings(spec: Pick<AppSpec, 'launcher' | 'restart' | 'stop' | 'log' | 'port'>): string {
  const [backoffMin, backoffMax] = spec.restart.backoffSeconds;
  return sh`
    policy=${spec.restart.policy}
    max_restarts=${spec.restart.max}
    backoff_min=${backoffMin}
    backoff_max=${backoffMax}
    stable_after=${Math.max(backoffMax, LEAST_STABLE_SECONDS)}
    settings_launcher=${spec.launcher}
    settings_port=${raw(String(spec.port ?? ''))}
    settings_signal=${spec.stop.signal}
    settings_grace=${Math.ceil(spec.stop.graceMs / 100)}
    log_max_size=${spec.log.maxSizeBytes ?? 0}
    log_keep=${spec.log.keep}
    log_split=${spec.log.split ? 'yes' : 'no'}`;
}

/** The last stage: from here to the app there are only `exec`s, so the pid that was recorded stays. */
function buildLaunch(spec: AppSpec): string {
  return [
    buildCwdChange(spec),
    ...(spec.port === 'auto' ? [READ_PORT] : []),
    buildArguments(spec),
    buildExports(spec),
    buildExec(spec),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** Shell that goes where the app runs and gives it its variables; the path of the run's record is its first parameter, and OUTLAST_APP is set. */
export function buildSurroundings(spec: Pick<AppSpec, 'cwd' | 'inRelease' | 'port' | 'env' | 'secretEnv'>): string {
  return [buildCwdChange(spec), ...(spec.port === 'auto' ? [READ_PORT] : []), buildExports(spec)].join('\n');
}

/** From the record of the run, whose path is the launch's first parameter. */
const READ_PORT = 'read -r PORT <"$1.port" && export PORT || exit 126';
/** Stands in an argv for the port that the host chooses. */
const PORT_PLACEHOLDER = '{port}';

function buildCwdCheck(spec: AppSpec): string {
  if (spec.inRelease) return CHECK_RELEASE;
  return sh`check_cwd() { (${raw(buildCwdChange(spec))}) 2>/dev/null || fail E_CWD "$app" ${spec.cwd ?? '~'}; }`;
}

/** What a release is started by another verb than `deploy` for: the one that is current. */
const CHECK_RELEASE = sh`
  check_cwd() {
    run_release=$(readlink "$state/deploys/$app/current" 2>/dev/null) && run_release=\${run_release##*/} && return 0
    fail E_NOT_DEPLOYED "$app" "$state/deploys/$app/current"
  }`;

/** Its own last healthy run has it. */
const FIND_RELEASE_RUNTIME = sh`
  find_runtime() { runtime=$(cat "$state/deploys/$app/records/$run_release.run.runtime" 2>/dev/null) || :; }`;

function buildCwdChange({ cwd, inRelease }: Pick<AppSpec, 'cwd' | 'inRelease'>): string {
  if (inRelease && cwd !== '~' && !/^(?:\/|~\/)/.test(cwd ?? '')) {
    const release = sh`cd -- "\${1%/apps/*}/deploys/$OUTLAST_APP/releases/$(cat "$1.release")" || exit 126`;
    return cwd === null ? release : sh`${raw(release)}; cd -- ${`./${cwd}`} || exit 126`;
  }
  const home = sh`cd -- "\${HOME:-/}" || cd /`;
  if (cwd === null || cwd === '~') return home;
  if (cwd.startsWith('~/')) return sh`cd -- "\${HOME:-/}"/${cwd.slice(2)} || exit 126`;
  if (cwd.startsWith('/')) return sh`cd -- ${cwd} || exit 126`;
  return sh`${raw(home)}; cd -- ${`./${cwd}`} || exit 126`;
}

/** The program is looked up before the app's own environment is set: its PATH may not lead there. */
function buildArguments(spec: AppSpec): string {
  const argv = protectProgramName(spec.argv).map((word) =>
    spec.port === 'auto' ? quoteWordWith(word, PORT_PLACEHOLDER, 'PORT') : sh`${word}`,
  );
  if (spec.hup === 'default') return sh`set -- ${raw(argv.join(' '))}`;
  return sh`
    unalias nohup 2>/dev/null # mksh has one
    set -- "$(command -v nohup)" ${raw(argv.join(' '))}`;
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
