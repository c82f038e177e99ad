import { sh } from '../shell/template.js';

/**
 * Shell functions about what is owed: from the moment on at which a release begins to take the place of what runs (`owed`), one of the two is
 * to run. Who finds neither brings one back (`recover-release.ts`), until that is done, or somebody has started or stopped the app.
 */
export const DEBT_FUNCTIONS = sh`
  # owe: what the run that was entered was started from is kept, once for all tries.
  owe() {
    [ -e "$deploy_dir/owed" ] || { copy_run "$record_path" "$deploy_dir/owed.run" && write_record "$deploy_dir/owed" -; } || fail_full
  }

  # clear_debt: nothing has changed, or what ran before runs again.
  clear_debt() { [ "$restored" = no ] || forget_debt; }

  # settle_debt: what somebody has started of $app is what is to run.
  settle_debt() {
    judge_run
    deploy_dir=$state/deploys/$app
    [ "$phase" != running ] || forget_debt
  }

  forget_debt() { rm -f "$deploy_dir/owed" "$deploy_dir"/owed.run.*; }
`;
