import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { STOP_FUNCTIONS } from '../lifecycle/stop-app.js';
import type { StopMethod } from '../model/app.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { encodeToken } from '../wire/token.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';
import { buildRequest } from './request.js';

/** Which apps are stopped, and how. */
export interface StopOptions {
  readonly apps: readonly string[];
  /** Without `SIG`; undefined takes what the app was started with. */
  readonly signal?: string;
  /** From the signal to KILL, in milliseconds; undefined takes what the app was started with. */
  readonly graceMs?: number;
  /** Unguessable id of this request: sent again after a lost answer, it is told what it did. Without it the host makes one. */
  readonly request?: string;
  /** `user@laptop`, for the record. */
  readonly by: string;
}

/** The functions that a script needs to stop something. */
export const STOPPING_FUNCTIONS = [...CHANGE_FUNCTIONS, TREE_FUNCTIONS, STOP_FUNCTIONS] as const;

/**
 * Stops the whole tree of each app: signal, grace period, KILL, and a look at what is left. All apps at the same time.
 *
 * An app that is stopped already, or unknown here, is no error. A deploy of it that is under way starts nothing any more.
 */
export const stop: Operation<StopOptions, readonly AppResult[]> = {
  name: 'stop',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'stop',
      apps: options.apps,
      functions: [...STOPPING_FUNCTIONS, READ_LOCK_FUNCTIONS],
      body: sh`
        by=${encodeToken(options.by)} request=${raw(buildRequest(options.request))}
        need awk cat grep id ln ls mv od rm sleep tr || return 1
        find_state || return 1
        read_boot
        trap '' HUP INT PIPE TERM # the marks name this very shell as the stopper: while it waits, it must not go first
        for name in ${options.apps}; do
          (enter_app "$name" && halt_deploy; stop_app "$name" ${raw(formatStopArguments(options))}) &
        done
        wait
        report ${options.apps}
      `,
    }),
  parse: (reply) =>
    buildAppResults(reply, 'STOP', ({ report }, answer) => {
      const how = METHODS.find((method) => method === answer) ?? null;
      return { changed: how === 'term' || how === 'kill', report: { ...report, how } };
    }),
};

/** The two words behind the app's name that the shell's stop_app takes. */
export function formatStopArguments({ signal, graceMs }: Pick<StopOptions, 'signal' | 'graceMs'>): string {
  return sh`${signal ?? '-'} ${graceMs === undefined ? '-' : Math.ceil(graceMs / 100)}`;
}

const METHODS: readonly StopMethod[] = ['term', 'kill', 'already-stopped'];
