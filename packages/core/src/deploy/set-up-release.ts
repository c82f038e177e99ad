import { buildExports } from '../lifecycle/run-files.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';

/** What prepares a release before anybody sees it. */
export interface SetupOptions {
  /** Shell lines, which end at the first that fails; null where there is nothing to prepare. */
  readonly setup: string | null;
  /** Paths below the release that outlive it. */
  readonly sharedPaths: readonly string[];
}

/** Shorter secrets would also mask what is none. */
const LEAST_MASKED = 4;
/** Of the log of a setup that failed. */
const SHOWN_LINES = 50;

/**
 * Shell functions that prepare a release: `set_up_release`.
 *
 * The setup runs where the release will stay, as the app will, but for the mark by which what it leaves behind is found again.
 */
export function buildSetupFunctions(
  { setup, sharedPaths }: SetupOptions,
  spec: Pick<AppSpec, 'env' | 'secretEnv'>,
): string {
  return sh`
  # set_up_release: fails with what the setup said last.
  set_up_release() {
    release_dir=$deploy_dir/releases/$release
    for shared in ${sharedPaths}; do
      share "$shared" || { fail E_STATE_DIR "$app" "cannot make $deploy_dir/shared/$shared"; return 1; }
    done
    ${raw(setup === null ? 'return 0' : RUN_SETUP)}
  }

  # share PATH: what is in shared wins over the tree, which fills it the first time; what is in neither becomes a folder.
  share() {
    kept=$deploy_dir/shared/$1
    case $1 in */*) mkdir -p "\${kept%/*}" "$release_dir/\${1%/*}" 2>/dev/null || return 1 ;; esac
    if [ ! -e "$kept" ] && [ ! -L "$kept" ]; then
      if [ -e "$release_dir/$1" ]; then cp -Rp "$release_dir/$1" "$kept.$$" && mv "$kept.$$" "$kept" || return 1; else mkdir -p "$kept" || return 1; fi
    fi
    rm -rf "\${release_dir:?}/$1" && ln -s "$kept" "$release_dir/$1"
  } 2>/dev/null

  # run_setup: the shell that becomes it has the environment of the login and that of the app.
  run_setup() (
    cd "$release_dir" || exit 126
    set -- "$user_umask" "$app" "setup.$request" "$release" "$PWD"
    eval "$environment" # any variable may be the login's own
    umask "$1"
    PWD=$5 OUTLAST_APP=$2 OUTLAST_RUN=$3 OUTLAST_RELEASE=$4
    export OUTLAST_APP OUTLAST_RUN OUTLAST_RELEASE
    ${raw(buildExports(spec))}
    exec /bin/sh -e -c ${setup ?? ':'} </dev/null 3<&-
  )

  # mask_secrets: hides their values, line by line; awk gets them in its environment, which nobody else can read.
  mask_secrets() (
    ${raw(buildExports({ env: {}, secretEnv: spec.secretEnv }))}
    LC_ALL=C awk -v names=${Object.keys(spec.secretEnv).join(' ')} '
      function hide(line, secret,   at, out) {
        out = ""
        while ((at = index(line, secret)) > 0) { out = out substr(line, 1, at - 1) "********"; line = substr(line, at + length(secret)) }
        return out line
      }
      BEGIN {
        count = split(names, name, " ")
        for (i = 1; i <= count; i++) {
          lines = split(ENVIRON[name[i]], line, "\n")
          for (j = 1; j <= lines; j++) if (length(line[j]) >= ${LEAST_MASKED}) secret[++secrets] = line[j]
        }
      }
      { for (i = 1; i <= secrets; i++) $0 = hide($0, secret[i]); print; fflush() }'
  )
`;
}

const RUN_SETUP = sh`
  setup_log=$deploy_dir/records/$release.setup.log
  { run_setup 2>&1; echo $? >"$lock_path.status"; } | mask_secrets 2>/dev/null >"$setup_log"
  read_record "$lock_path.status"
  [ "$record" != 0 ] || return 0
  say "SETUP $app \${record:-unknown}"
  tail -n ${SHOWN_LINES} "$setup_log"
  fail E_SETUP_FAILED "$app" "exit code \${record:-unknown}"`;
