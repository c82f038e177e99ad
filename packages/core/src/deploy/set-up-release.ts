import { buildExports } from '../lifecycle/exports.js';
import { BUILD_PYTHON_ENVIRONMENT, buildRuntimeFunctions } from '../runtime/runtime.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';

/** What prepares a release before anybody sees it. */
export interface SetupOptions {
  /** Shell lines, which end at the first that fails; null where there is nothing to prepare. */
  readonly setup: string | null;
  /** Paths below the release that outlive it. */
  readonly sharedPaths: readonly string[];
}

/** Of the log of a setup that failed. */
const SHOWN_LINES = 50;
/** So long the rest of what it said is waited for, in tenths of a second. */
const MASK_NAPS = 20;

/**
 * Shell functions that prepare a release: `set_up_release`.
 *
 * The setup runs where the release will stay, as the app will, but for the mark by which what it leaves behind is found again.
 */
export function buildSetupFunctions(
  { setup, sharedPaths }: SetupOptions,
  spec: Pick<AppSpec, 'env' | 'secretEnv' | 'runtime'>,
): string {
  const { python } = spec.runtime;
  const steps = [
    ...(sharedPaths.length === 0 ? [] : [sh`share_all ${sharedPaths}`]),
    ...(setup === null ? [] : [sh`run_logged run_in_release ${setup}`]),
  ];
  return sh`
  ${raw(buildRuntimeFunctions(spec.runtime))}
  ${raw(python === 'venv' || python === 'uv' ? PYTHON_ENVIRONMENT_FUNCTIONS : '')}

  # prepare_runtime: sets runtime to what the release is set up with, and runs with.
  prepare_runtime() {
    release_dir=$deploy_dir/releases/$release setup_log=$deploy_dir/records/$release.setup.log
    find_runtime "$release_dir" || return 1
    ${raw(python === 'venv' || python === 'uv' ? sh`use_python_environment ${python}` : ':')}
  }

  # set_up_release: fails with what the setup said last.
  set_up_release() { ${raw(steps.join(' && ') || ':')}; }

  share_all() {
    for shared do
      share "$shared" || { fail E_STATE_DIR "$app" "cannot make $deploy_dir/shared/$shared"; return 1; }
    done
  }

  # share PATH: what is in shared wins over the tree, which fills it the first time; what is in neither becomes a folder.
  share() {
    kept=$deploy_dir/shared/$1
    case $1 in */*) mkdir -p "\${kept%/*}" "$release_dir/\${1%/*}" 2>/dev/null || return 1 ;; esac
    if [ ! -e "$kept" ] && [ ! -L "$kept" ]; then
      if [ -e "$release_dir/$1" ]; then cp -Rp "$release_dir/$1" "$kept.$$" && mv "$kept.$$" "$kept" || { rm -rf "$kept.$$"; return 1; }; else mkdir -p "$kept" || return 1; fi
    fi
    rm -rf "\${release_dir:?}/$1" && ln -s "$kept" "$release_dir/$1"
  } 2>/dev/null

  # run_logged FUNCTION ARGUMENT...: what it says goes into the log of the setup, without secrets. What it leaves running ends with it; what of
  # that cannot be found, as behind sudo, may go on with the log, which is not waited for.
  run_logged() {
    setup_pipe=$lock_path.pipe
    rm -f "$setup_pipe" "$lock_path.masked"
    mkfifo "$setup_pipe" 2>/dev/null || { fail E_STATE_DIR "$app" "cannot make $setup_pipe"; return 1; }
    (mask_secrets 2>/dev/null >>"$setup_log"; : >"$lock_path.masked") <"$setup_pipe" >/dev/null 2>&1 3<&- &
    "$@" >"$setup_pipe" 2>&1
    setup_code=$?
    end_setup "$setup_request"
    mask_naps=0
    until [ -e "$lock_path.masked" ] || [ "$mask_naps" -ge ${MASK_NAPS} ]; do
      mask_naps=$((mask_naps + 1))
      nap
    done
    rm -f "$setup_pipe" "$lock_path.masked"
    [ "$setup_code" != 0 ] || return 0
    tell "SETUP $app $setup_code"
    tail -n ${SHOWN_LINES} "$setup_log"
    setup_reason="exit code $setup_code"
    has_room || setup_reason="$setup_reason, and there is no space in $deploy_dir"
    fail E_SETUP_FAILED "$app" "$setup_reason"
  }

  # run_in_release LINES PARAMETER...: the shell that becomes it has the environment of the login and that of the app.
  run_in_release() (
    cd "$release_dir" || exit 126
    set -- "$user_umask" "$app" "setup.$setup_request" "$release" "$PWD" "$runtime" "$@"
    eval "$environment" # any variable may be the login's own
    umask "$1"
    PWD=$5 OUTLAST_APP=$2 OUTLAST_RUN=$3 OUTLAST_RELEASE=$4
    export OUTLAST_APP OUTLAST_RUN OUTLAST_RELEASE
    eval "$6"
    ${raw(buildExports(spec))}
    shift 6
    exec /bin/sh -e -c "$@" </dev/null 3<&-
  )
`;
}

const PYTHON_ENVIRONMENT_FUNCTIONS = sh`
  # list_required: the files that requirements name.
  list_required() {
    LC_ALL=C awk '$1 ~ /^(-r|-c|--requirement|--constraint)$/ { print $2 } /^ *--(requirement|constraint)=/ { sub(/^[^=]*=/, ""); print $1 }' requirements*.txt 2>/dev/null
  }

  # use_python_environment venv|uv: one for each interpreter and each set of requirements, made once.
  use_python_environment() {
    interpreter=$(with_runtime /bin/sh -c 'command -v python3 || command -v python')
    [ -n "$interpreter" ] || { fail E_RUNTIME "$app" 'no python3 is in PATH'; return 1; }
    python_key=$(
      {
        echo "$1"
        with_runtime "$interpreter" -c 'import sys; print(sys.version, sys.executable)' 2>/dev/null
        cd "$release_dir" && cat requirements*.txt $(list_required) constraints*.txt requirements/*.txt pyproject.toml uv.lock setup.py setup.cfg 2>/dev/null
        # What is installed from the release itself is that of this one.
        ! grep -Eqs '^ *(-e|--editable|\.|file:)|@ *file:' requirements*.txt requirements/*.txt || echo "$release"
      } | $hash_program
    )
    python_key=\${python_key%% *}
    python_dir=$deploy_dir/environments/$python_key
    if [ ! -e "$python_dir/.complete" ]; then
      mkdir -p "$deploy_dir/environments" 2>/dev/null
      run_logged run_in_release ${BUILD_PYTHON_ENVIRONMENT} sh "$1" "$python_dir" "$interpreter" || return 1
    fi
    add_path "$python_dir/bin"
    add_runtime "VIRTUAL_ENV=$(quote "$python_dir"); export VIRTUAL_ENV"
  }
`;
