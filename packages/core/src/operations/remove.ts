import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { REMOVE_FUNCTIONS } from '../lifecycle/remove-app.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';

/** Which apps are forgotten. */
export interface RemoveOptions {
  readonly apps: readonly string[];
}

/** Forgets ended apps with their logs; one that still runs is `E_RUNNING`, one of which a release takes its place `E_LOCKED`. */
export const remove: Operation<RemoveOptions, readonly AppResult[]> = {
  name: 'rm',
  mutates: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'rm',
      apps: options.apps,
      functions: [...CHANGE_FUNCTIONS, TREE_FUNCTIONS, READ_LOCK_FUNCTIONS, REMOVE_FUNCTIONS],
      body: sh`
        need awk cat grep id ln ls mv od rm sleep tr || return 1
        find_state || return 1
        read_boot
        for name in ${options.apps}; do
          enter_app "$name"
          check_deploy && remove_app "$name" && forget_debt
        done
        report ${options.apps}
      `,
    }),
  parse: (reply) => buildAppResults(reply, 'REMOVED', (_result, answer) => ({ changed: answer === 'removed' })),
};
