import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { BASE_FUNCTIONS, buildSeenApp, type Operation, requireReport, type SeenApp } from './operation.js';

/** Which apps are looked at; none named: all of them. */
export interface StatusOptions {
  readonly apps: readonly string[];
}

/** Reports apps in one pass over the host's processes. Apps that are unknown here have the state `unknown`. */
export const status: Operation<StatusOptions, readonly SeenApp[]> = {
  name: 'status',
  mutates: false,
  build: (options, frame) =>
    buildScript(frame, {
      title: options.apps.length > 0 ? 'status' : 'status of all apps',
      apps: options.apps,
      functions: BASE_FUNCTIONS,
      body: sh`
        need awk cat grep id ls od tr || return 1
        find_state || return 1
        ${raw(options.apps.length > 0 ? sh`apps=${options.apps.join(' ')}` : 'list_apps')}
        report $apps
      `,
    }),
  parse: (reply) => {
    const { host, runs } = requireReport(reply);
    return runs.map((facts) => buildSeenApp(facts, host));
  },
};
