import { OutlastError } from '../errors.js';
import type { AppState } from '../model/app.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { encodeToken } from '../wire/token.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation } from './operation.js';
import { buildRequest } from './request.js';

/** Which apps get which signal. */
export interface SignalOptions {
  readonly apps: readonly string[];
  /** A name without `SIG`, or a number as the host counts. */
  readonly signal: string;
  /** `main`: the app's own process; `tree`: every process of it. */
  readonly scope: 'main' | 'tree';
  /** Unguessable id of this request: the same id never sends a second time. Without it the host makes one. */
  readonly request?: string;
  /** `user@laptop`, for the record. */
  readonly by: string;
}

/** Sends a signal to running apps, checking each process's identity in the moment of the signal. */
export const signal: Operation<SignalOptions, readonly AppResult[]> = {
  name: 'signal',
  mutates: true,
  repeatable: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: `signal ${options.signal}`,
      apps: options.apps,
      functions: [...CHANGE_FUNCTIONS, TREE_FUNCTIONS, SIGNAL_FUNCTIONS],
      body: sh`
        signal=${options.signal} scope=${options.scope} by=${encodeToken(options.by)} request=${raw(buildRequest(options.request))}
        need awk cat grep id ln ls mv od rm sleep tr || return 1
        find_state || return 1
        read_boot
        for name in ${options.apps}; do signal_app "$name"; done
        report ${options.apps}
      `,
    }),
  parse: (reply, options) =>
    buildAppResults(reply, 'SIGNALLED', ({ report }, answer) => {
      if (answer === 'ended') return { changed: true, startsAgain: AGAIN.has(report.state) };
      if (answer !== 'not-running') return { changed: answer === 'sent' };
      const message = `${report.app} does not run (${report.state}), so it got no ${options.signal}`;
      return { error: new OutlastError('E_NOT_RUNNING', message) };
    }),
};

/** What an app is doing whose supervisor starts it again. */
const AGAIN: ReadonlySet<AppState> = new Set(['restarting', 'starting', 'running']);

const SIGNAL_FUNCTIONS = sh`
  # signal_app NAME: says whether the signal went out.
  signal_app() {
    enter_app "$1"
    leading_run
    [ "$run" -gt 0 ] || { say "SIGNALLED $app unknown"; return 0; }
    check_records || return 1
    if read_record "$record_path.signal"; then
      case "$record " in
      *" $request sent "*) say "SIGNALLED $app sent"; return 0 ;;
      *" $request "*) return 1 ;; # whoever wrote this died before it could say whether the signal went out
      esac
    fi
    await_launch || { say "SIGNALLED $app not-running"; return 0; }
    [ -n "$pid" ] || { say "SIGNALLED $app not-running"; return 0; }
    # Without it, nobody could tell a second try of this request from a first one.
    write_record "$record_path.signal" "$signal $(now) $by $request begun" || { fail E_STATE_DIR "$app" "no space in $app_dir"; return 1; }
    read_tree
    seen=$pid:$pid_start group=0
    if [ "$scope" = tree ]; then
      group=$root
      list_members "$root" "$mark" || { rm -f "$record_path.signal"; fail E_SIGNAL_FAILED "$app" 'the processes of the host could not be listed'; return 1; }
    fi
    if signal_members "$signal"; then
      write_record "$record_path.signal" "$signal $(now) $by $request sent"
      await_effect
      if is_alive "$pid" "$pid_start" "$boot"; then say "SIGNALLED $app sent"; else say "SIGNALLED $app ended"; fi
    else
      rm -f "$record_path.signal"
      fail E_SIGNAL_FAILED "$app" "$signal"
    fi
  }

  # await_effect: what was killed is to be reported as killed.
  await_effect() {
    effect_waits=1
    [ "$signal" = KILL ] && effect_waits=30
    while [ "$effect_waits" -gt 0 ] && is_alive "$pid" "$pid_start" "$boot"; do
      effect_waits=$((effect_waits - 1))
      nap
    done
    is_alive "$pid" "$pid_start" "$boot" || { await_exit; note_kill; }
  }

  # note_kill: an adopted process has nobody else who records its end, and nothing but KILL is its end for sure.
  note_kill() {
    case $signal in
    KILL | 9) ;;
    *) return 0 ;;
    esac
    read_record "$record_path.pid"
    case $record in
    *' adopted') write_record "$record_path.exit" "signal 9 $(now) 0 ended" ;;
    esac
  }
`;
