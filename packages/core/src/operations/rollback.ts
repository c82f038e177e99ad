import { buildHealthFunctions } from '../deploy/await-health.js';
import type { HealthSettings } from '../deploy/health-settings.js';
import type { Surroundings } from '../deploy/probe-health.js';
import { parseReleaseId } from '../deploy/release-id.js';
import { OutlastError } from '../errors.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { encodeToken } from '../wire/token.js';
import type { DeployOptions } from './deploy.js';
import { type DeployResult, parseDeployed } from './deploy-result.js';
import type { Operation } from './operation.js';
import { RELEASE_FUNCTIONS } from './release-functions.js';
import { buildStartHead } from './start.js';

/** Which release takes the place of the one that runs. */
export interface RollbackOptions
  extends Pick<DeployOptions, 'app' | 'request' | 'by' | 'reason' | 'settleMs' | 'waitMs' | 'takeOver'> {
  /** Id of the release; null goes back to the one that was healthy before the one that was healthy last. */
  readonly to: string | null;
  readonly health: HealthSettings;
  /** What a probe of the health runs with. */
  readonly surroundings: Surroundings;
}

/**
 * Starts an earlier release again, just as it ran when it was healthy, in the place of what runs; and that again where the release is not
 * healthy any more. It goes on to its end, whatever becomes of the client.
 */
export const rollback: Operation<RollbackOptions, DeployResult> = {
  name: 'rollback',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'rollback',
      apps: [options.app],
      keepEnvironment: true,
      keepStdin: true,
      functions: [...RELEASE_FUNCTIONS, buildHealthFunctions(options.health, options.surroundings), ROLLBACK_FUNCTIONS],
      body: sh`
        ${raw(buildStartHead(options))}
        need readlink || return 1
        enter_deploys ${options.app}
        if [ ! -d "$deploy_dir/records" ]; then
          fail E_NOT_DEPLOYED "$app" "$deploy_dir"
        elif take_lock rollback ${encodeToken(options.reason)} ${Math.ceil(options.waitMs / 100)} ${options.takeOver ? 'yes' : 'no'}; then
          go_back ${options.to === null ? '-' : parseReleaseId(options.to)} || result=failed
          release_lock "$result"
        fi
        report ${options.app}
      `,
    }),
  parse: (reply, { app }) => {
    const result = parseDeployed(reply, app);
    if (result.error?.code !== 'E_UNHEALTHY') return result;
    const { code, message, details } = result.error;
    return { ...result, error: new OutlastError(code, message, { ...details, hint: UNHEALTHY_HINT }) };
  },
};

const UNHEALTHY_HINT = 'it is judged by what outlast.yaml says today; --no-health takes a release that lives';

const ROLLBACK_FUNCTIONS = sh`
  # go_back ID: - for the release before; sets result to how it went.
  go_back() {
    result=ok release=$1 restored=yes
    clear_up
    mend_runs || return 1
    read_current
    read_running
    [ "$release" != - ] || release=$(find_goal_before)
    if [ -z "$release" ]; then
      if is_good_aside; then
        release=$good
      elif [ -n "$good" ] && read_release "$good"; then
        release=\${release_before#-}
      fi
      [ -n "$release" ] || { fail_release "no release was healthy before \${good:-any other}"; return 1; }
    fi
    read_release "$release" && [ -d "$deploy_dir/releases/$release" ] || { fail_release "no release $release is there"; return 1; }
    run_source=$deploy_dir/records/$release.run
    [ "$release_state" = good ] && [ -r "$run_source.launch" ] || { fail_release "release $release was never healthy"; return 1; }
    tell "ATTEMPTED $app $release"
    if [ "$phase" = running ] && [ "$running" = "$release" ] && [ "$current" = "$release" ] && runs_as_proven; then
      tell_unchanged
      forget_debt
      return 0
    fi
    # What is to run is brought back by this very rollback, or is there for the one that it may have to undo.
    if [ "$release" != "$good" ]; then bring_back; elif is_displaced; then restored=no; fi
    use_recorded_files
    check_recorded && activate_release
  }

  # find_goal_before: where this very request was going to before its script was ended.
  find_goal_before() {
    for number in $(list_own_locks); do
      awk '$1 == "ATTEMPTED" { print $3; exit }' "$deploy_dir/lock.$number.said" 2>/dev/null
    done | sed -n 1p
  }

  # is_good_aside: what is current, or what ran last, is another one than that which was healthy last; or it was just to be another one, or
  # another one was just tried beside it.
  is_good_aside() {
    [ -n "$good" ] && [ -d "$deploy_dir/releases/$good" ] &&
      { [ "$good" != "$current" ] || [ "\${running:-$good}" != "$good" ] || [ -e "$deploy_dir/owed" ] || [ "$dropped" = yes ]; }
  }

  # fail_release WHY: with what could be gone back to.
  fail_release() {
    list_releases
    healthy=
    for kept in $releases; do
      read_release "$kept" && [ "$release_state" = good ] && [ -d "$deploy_dir/releases/$kept" ] && healthy="$healthy $kept"
    done
    fail E_NO_RELEASE "$app" "$1; healthy ones are:\${healthy:- none}"
  }
`;
