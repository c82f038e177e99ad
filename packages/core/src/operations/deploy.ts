import { buildHealthFunctions } from '../deploy/await-health.js';
import type { HealthSettings } from '../deploy/health-settings.js';
import { RECEIVE_FUNCTIONS } from '../deploy/receive-upload.js';
import { parseReleaseId } from '../deploy/release-id.js';
import { buildSetupFunctions, type SetupOptions } from '../deploy/set-up-release.js';
import { buildRunFileFunctions } from '../lifecycle/run-files.js';
import { LEASE_FUNCTIONS } from '../shell/lease.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { encodeToken } from '../wire/token.js';
import { type DeployResult, parseDeployed } from './deploy-result.js';
import type { Operation } from './operation.js';
import { nestFunctions, RELEASE_FUNCTIONS } from './release-functions.js';
import { buildStartHead } from './start.js';

/** One release of one app, and how it takes its place. */
export interface DeployOptions extends SetupOptions {
  readonly app: string;
  /** How it runs; `inRelease`. */
  readonly spec: AppSpec;
  /** Unguessable id of this request: sent again after a lost answer, it is told what became of it. */
  readonly request: string | null;
  /** `user@laptop`, for the record. */
  readonly by: string;
  /** Why, for whoever finds the lock taken; null says nothing. */
  readonly reason: string | null;
  /** How long it has to live for the start to count, in milliseconds. */
  readonly settleMs: number;
  /** Id of the release, should it become a new one. */
  readonly release: string;
  /** SHA-256 of the manifest. */
  readonly manifestHash: string;
  /** SHA-256 of everything that a release is made of, the manifest included. */
  readonly content: string;
  /** What the release was made from, for the record; null where that is not known. */
  readonly commit: string | null;
  readonly health: HealthSettings;
  /** So many releases are kept, the current one included. */
  readonly keepReleases: number;
  /** How long somebody else is waited for, in milliseconds. */
  readonly waitMs: number;
  /** Ends whoever deploys it at this moment. */
  readonly takeOver: boolean;
  /** Makes a new release of content that is current already. */
  readonly force: boolean;
}

/** Brings a release to a host and lets it take its place; `deploy/receive-upload.ts` says what its script wants from its client. */
export const deploy: Operation<DeployOptions, DeployResult> = {
  name: 'deploy',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'deploy',
      apps: [options.app],
      keepEnvironment: true,
      keepStdin: true,
      functions: [
        ...RELEASE_FUNCTIONS,
        LEASE_FUNCTIONS,
        RECEIVE_FUNCTIONS,
        buildSetupFunctions(options, options.spec),
        buildHealthFunctions(options.health, options.spec),
        nestFunctions('use_new_files', buildRunFileFunctions(options.spec, `END_${frame.nonce}`)),
        DEPLOY_FUNCTIONS,
      ],
      body: sh`
      ${raw(buildStartHead(options))}
      need find readlink sed sort tar xargs || return 1
      release=${parseReleaseId(options.release)} content=${options.content} force=${options.force ? 'yes' : 'no'}
      health_asked=${JSON.stringify(options.health)}
      enter_deploys ${options.app}
      open_deploys && find_hash_program || return 1
      if take_lock deploy ${encodeToken(options.reason)} ${Math.ceil(options.waitMs / 100)} ${options.takeOver ? 'yes' : 'no'}; then
        deploy_release ${options.manifestHash} ${encodeToken(options.commit)} || result=failed
        if read_release "$release"; then tell "ATTEMPTED $app $release"; fi
        forget_old_releases ${options.keepReleases}
        release_lock "$result"
      fi
      report ${options.app}
    `,
    }),
  parse: (reply, { app }) => parseDeployed(reply, app),
};

const DEPLOY_FUNCTIONS = sh`
  # deploy_release MANIFEST COMMIT: sets result to how it went.
  deploy_release() {
    result=ok python_dir=''
    clear_up
    recover && check_halted || return 1
    read_current
    if is_content_there; then
      tell "SAME $app $release"
      if is_running_as_asked; then tell_unchanged; return 0; fi
    elif ! is_left_there; then
      note_stage upload || return 1
      run_step upload upload_release "$1" "$2" || return 1
    fi
    note_stage setup && check_halted || return 1
    hold_lease
    case $release_state in
    good | failed) prepare_runtime || return 1 ;;
    *) run_step setup prepare_release || return 1 ;;
    esac
    await_go || return 1
    use_new_files
    activate_release
  }

  # await_go: until the client says that it is there, which it does at once; whoever lost it by then has changed nothing that anybody sees.
  await_go() {
    say READY
    begin_silence
    wait "$lease_reader"
    set -- $?
    end_timer "$lease_timer"
    [ "$1" = 0 ] || fail E_UPLOAD "$app" 'its client was gone before anything was switched'
  }

  # is_content_there: whether the release that was healthy last is made of the same; release is that one then.
  is_content_there() {
    release_state=none
    [ "$force" = no ] && [ -n "$good" ] && [ "$good" = "$current" ] && read_release "$good" || return 1
    if [ "$release_content" != "$content" ] || [ ! -d "$deploy_dir/releases/$good" ]; then release_state=none; return 1; fi
    release=$good
  }

  # is_left_there: this very request had got as far as switching before its script was ended; the release was set up.
  is_left_there() {
    [ -d "$deploy_dir/releases/$release" ] && read_release "$release" && [ "$release_content" = "$content" ] && [ "$release_state" = failed ] && return 0
    release_state=none
    return 1
  }

  # is_running_as_asked: in a shell of its own, since what a release is set up with has functions of the same names.
  is_running_as_asked() (
    read_running
    runs_as_good && [ "$running" = "$release" ] || return 1
    use_new_files
    run_release=$release
    [ "$(compare_launch)" = same ] && [ "$(print_settings)" = "$(cat "$record_path.settings" 2>/dev/null)" ] &&
      [ "$(cat "$deploy_dir/records/$release.health" 2>/dev/null)" = "$health_asked" ]
  )

  upload_release() { receive_release "$1" && keep_release "$content" "$2"; }

  prepare_release() {
    rm -f "$deploy_dir/records/$release.setup.log"
    if ! { prepare_runtime && set_up_release; }; then
      # One that has filled the disk must not leave it full: what runs needs it too.
      if has_room; then note_state "$release" unprepared; else remove_release "$release"; fi
      return 1
    fi
    note_state "$release" ready
  }
`;
