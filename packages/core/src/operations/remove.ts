import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';

/** Which apps are forgotten. */
export interface RemoveOptions {
  readonly apps: readonly string[];
}

/** Forgets ended apps with their logs; one that still runs is `E_RUNNING`. */
export const remove: Operation<RemoveOptions, readonly AppResult[]> = {
  name: 'rm',
  mutates: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: `rm ${options.apps.join(' ')}`,
      functions: [...CHANGE_FUNCTIONS, TREE_FUNCTIONS, REMOVE_FUNCTIONS],
      body: sh`
        need awk cat grep id ln ls mv od rm sleep tr || return 1
        find_state || return 1
        read_boot
        for name in ${options.apps}; do remove_app "$name"; done
        report ${options.apps}
      `,
    }),
  parse: (reply) => buildAppResults(reply, 'REMOVED', (_result, answer) => ({ changed: answer === 'removed' })),
};

const REMOVE_FUNCTIONS = sh`
  # remove_app NAME: takes the next run number first, so that nobody starts the app while its folder goes.
  remove_app() {
    enter_app "$1"
    latest_run
    [ -d "$app_dir" ] || { say "REMOVED $app unknown"; return 0; }
    if [ "$run" -gt 0 ]; then
      await_launch
      read_tree
      if ! list_members "$root" "$mark" || [ "$phase" != ended ] || [ -n "$members" ]; then fail E_RUNNING "$app" "pid\${members:- unknown}"; return 1; fi
    fi
    read_process $$
    printf '%s\n' "$$ $process_start $boot removal $(now) -" >"$app_dir/claim.$$" 2>/dev/null
    ln "$app_dir/claim.$$" "$app_dir/run.$((run + 1))" 2>/dev/null
    claimed=$?
    rm -f "$app_dir/claim.$$"
    # On a full disk the claim cannot be made, and removing is what helps there.
    if [ "$claimed" != 0 ] && [ -e "$app_dir/run.$((run + 1))" ]; then fail E_RUNNING "$app" 'it is being started'; return 1; fi
    # Whoever waits for this one to be over makes the folder anew.
    mv "$app_dir" "$state/apps/.removed.$app.$$" 2>/dev/null || { fail E_STATE_DIR "$app" "cannot remove $app_dir"; return 1; }
    # Those of an rm that died half-way go, too.
    rm -rf "$state/apps"/.removed.*
    say "REMOVED $app removed"
  }
`;
