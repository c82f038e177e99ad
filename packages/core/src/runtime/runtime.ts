import { raw, sh } from '../shell/template.js';

/** What an app finds its programs by, beyond the short PATH that a session over SSH gets. */
export interface RuntimeSettings {
  /**
   * `venv` and `uv` keep a virtual environment beside the releases, made anew when the interpreter or the requirements change; `conda:NAME` is
   * an environment that is there already.
   */
  readonly python: 'venv' | 'uv' | `conda:${string}` | null;
  /** `nvm` takes the version that `.nvmrc` names, else the default one. */
  readonly node: 'nvm' | null;
  /** Takes the variables that a login shell of the user exports. */
  readonly loginShell: boolean;
}

export const DEFAULT_RUNTIME: RuntimeSettings = { python: null, node: null, loginShell: false };

const CONDA_PREFIX = 'conda:';

/**
 * Shell functions that find out what an app runs with, as shell in `runtime`: exports that come behind those of the login. `find_runtime` does
 * so for what is there without a release.
 *
 * What a login shell prints by itself, and what its files do with the input, is left aside. A virtual environment knows its own path, so it
 * stays where it was made, outside of the releases.
 */
export function buildRuntimeFunctions({ python, node, loginShell }: RuntimeSettings): string {
  const conda = python?.startsWith(CONDA_PREFIX) ? python.slice(CONDA_PREFIX.length) : null;
  const found = [
    ...(loginShell ? ['use_login_shell'] : []),
    ...(conda === null ? [] : [sh`use_conda ${conda}`]),
    ...(node === null ? [] : ['use_nvm "$1"']),
  ];
  return sh`
  # find_runtime FOLDER: that of an app whose files are in that folder.
  find_runtime() {
    runtime=
    ${raw(found.join(' && ') || ':')}
  }
  ${raw(found.length + (python === 'venv' || python === 'uv' ? 1 : 0) > 0 ? RUNTIME_FUNCTIONS : '')}`;
}

const RUNTIME_FUNCTIONS = sh`
  # quote TEXT: as one word of the shell.
  quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }

  # add_runtime LINE: behind what is there.
  add_runtime() {
    runtime="$runtime
  $1"
  }
  add_path() { add_runtime "PATH=$(quote "$1"):\${PATH+\"\\$PATH\"}; export PATH"; }

  # with_runtime PROGRAM...: as the app would run it, with the login's own variables.
  with_runtime() (
    set -- "$user_umask" "$runtime" "$@"
    eval "$environment"
    eval "$2"
    umask "$1"
    shift 2
    exec "$@" </dev/null 3<&-
  )

  # use_login_shell: what it exports; what else it says stands before the mark.
  use_login_shell() {
    login_shell=\${SHELL:-/bin/sh}
    print_exports="exec /bin/sh -c 'echo @@$nonce; export -p'"
    case $login_shell in
    # These know -l only by itself.
    *csh) exports=$(printf '%s\n' "$print_exports" | "$login_shell" -l 2>/dev/null 3<&-) ;;
    *) exports=$("$login_shell" -l -c "$print_exports" 2>/dev/null </dev/null 3<&-) ;;
    esac
    case $exports in
    *"@@$nonce"*) add_runtime "\${exports##*"@@$nonce"}" ;;
    *) fail E_RUNTIME "$app" "$login_shell -l says nothing of its variables" ;;
    esac
  }

  # use_conda NAME: what activating it comes to.
  use_conda() {
    for base in "\${CONDA_EXE%/bin/conda}" "\${MAMBA_ROOT_PREFIX-}" "$HOME/miniconda3" "$HOME/miniforge3" "$HOME/mambaforge" "$HOME/anaconda3" \
      "$HOME/micromamba" "$HOME/.conda" /opt/conda /opt/miniconda3 /opt/miniforge3 /opt/anaconda3; do
      [ -n "$base" ] || continue
      prefix=$base/envs/$1
      [ "$1" != base ] || prefix=$base
      [ -x "$prefix/bin/python" ] || continue
      add_path "$prefix/bin"
      add_runtime "CONDA_PREFIX=$(quote "$prefix") CONDA_DEFAULT_ENV=$(quote "$1"); export CONDA_PREFIX CONDA_DEFAULT_ENV"
      return 0
    done
    fail E_RUNTIME "$app" "no conda environment $1, in $HOME or in /opt; CONDA_EXE of the host says where conda is"
  }

  # use_nvm FOLDER: the version of its .nvmrc, which is installed if it has to be.
  use_nvm() {
    nvm_dir=\${NVM_DIR:-$HOME/.nvm}
    [ -s "$nvm_dir/nvm.sh" ] || { fail E_RUNTIME "$app" "no nvm in $nvm_dir: install it there (https://github.com/nvm-sh/nvm), or say by NVM_DIR where it is"; return 1; }
    nvm_shell=/bin/sh
    ! command -v bash >/dev/null 2>&1 || nvm_shell=bash
    node_path=$(with_runtime "$nvm_shell" -c '
      export NVM_DIR="$2"
      cd "$1" 2>/dev/null || cd
      . "$NVM_DIR/nvm.sh" --no-use >/dev/null 2>&1
      if [ -e .nvmrc ]; then nvm use >&2 || nvm install >&2; else nvm use default >&2; fi
      nvm which current' sh "$1" "$nvm_dir" 2>/dev/null)
    case $node_path in
    /*) add_path "\${node_path%/*}" ;;
    *) fail E_RUNTIME "$app" "nvm knows no node for $1" ;;
    esac
  }
`;

/**
 * A program for `sh -e`: makes a virtual environment. Its parameters are `venv` or `uv`, the folder, and the interpreter; it runs where the
 * requirements are.
 */
export const BUILD_PYTHON_ENVIRONMENT = sh`
  rm -rf "$2"
  if command -v uv >/dev/null 2>&1; then
    echo "outlast: making a virtual environment with uv"
    if [ ! -e requirements.txt ] && [ -e uv.lock ]; then
      UV_PROJECT_ENVIRONMENT=$2 uv sync --frozen --no-install-project --python "$3"
    else
      uv venv --quiet --python "$3" "$2"
      [ ! -e requirements.txt ] || uv pip install --python "$2/bin/python" -r requirements.txt
    fi
  elif [ "$1" = uv ] || { [ ! -e requirements.txt ] && [ -e uv.lock ]; }; then
    echo 'outlast: there is no uv in PATH: install it (https://docs.astral.sh/uv), or take python: venv with a requirements.txt'
    exit 127
  else
    echo "outlast: making a virtual environment with $3 -m venv"
    "$3" -m venv "$2"
    [ ! -e requirements.txt ] || "$2/bin/python" -m pip install --disable-pip-version-check --no-input -r requirements.txt
  fi
  : >"$2/.complete"`;
