import type { AppReport } from '../model/app.js';
import { LEASE_FUNCTIONS } from '../shell/lease.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { buildAppReport } from '../state/resolve-state.js';
import { CHANGE_FUNCTIONS, type Operation, requireReport } from './operation.js';

/** Which app is waited for, and how long one answer may take. */
export interface WaitOptions {
  readonly app: string;
  /** After this many seconds the host answers whether or not the app has ended, so that nothing is left there when the client is gone. */
  readonly seconds: number;
}

/** Answers once an app has ended for good, or when the time is over: ask again while {@link isLive}. */
export const wait: Operation<WaitOptions, readonly AppReport[]> = {
  name: 'wait',
  mutates: false,
  leased: true,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'wait',
      apps: [options.app],
      functions: [...CHANGE_FUNCTIONS, LEASE_FUNCTIONS],
      keepStdin: true,
      body: sh`
        need awk cat grep id ls od sleep tr || return 1
        find_state || return 1
        read_boot
        hold_lease
        enter_app ${options.app}
        read_clock
        deadline=$((clock + ${options.seconds * 10})) naps=0
        while leading_run; [ "$run" -gt 0 ]; do
          judge_run
          case $phase in
          running | between | launching | stopping) ;;
          *) break ;;
          esac
          naps=$((naps + 1))
          # Writing is how we learn that the client is gone: it ends this script.
          [ $((naps % 10)) != 0 ] || say BEAT
          read_clock
          [ "$clock" -le "$deadline" ] || break
          nap
        done
        report ${options.app}
      `,
    }),
  parse: (reply) => {
    const { host, runs } = requireReport(reply);
    return runs.map((facts) => buildAppReport(facts, host));
  },
};
