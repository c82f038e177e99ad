import { DEPLOY_LAYOUT_FUNCTIONS } from '../deploy/layout.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { formatTime } from '../state/resolve-state.js';
import type { Reply } from '../wire/reply.js';
import { decodeText } from '../wire/token.js';
import { buildSeenApp, CHANGE_FUNCTIONS, type Operation, requireReport, type SeenApp } from './operation.js';

/** How far a release came; `failed` where it was not healthy, or what prepared it failed. */
export type ReleaseState = 'uploaded' | 'ready' | 'activating' | 'good' | 'failed';

/** One release on one host. */
export interface Release {
  readonly id: string;
  readonly current: boolean;
  readonly state: ReleaseState;
  /** ISO 8601 in UTC, from the host's clock. */
  readonly createdAt: string | null;
  /** `user@laptop` that deployed it. */
  readonly by: string | null;
  /** What it was made from, as git calls it. */
  readonly commit: string | null;
}

/** An app with its releases, the newest last. */
export interface AppReleases extends SeenApp {
  readonly releases: readonly Release[];
}

/** Lists the releases of apps that a host has; of those that were never deployed there are none. */
export const releases: Operation<{ readonly apps: readonly string[] }, readonly AppReleases[]> = {
  name: 'releases',
  mutates: false,
  build: ({ apps }, frame) =>
    buildScript(frame, {
      title: 'releases',
      apps,
      functions: [...CHANGE_FUNCTIONS, DEPLOY_LAYOUT_FUNCTIONS],
      body: sh`
        need awk cat grep id ls od readlink tr || return 1
        find_state || return 1
        read_boot
        for name in ${apps}; do
          enter_deploys "$name"
          read_current
          say "CURRENT $name \${current:--}"
          list_releases
          for release in $releases; do
            read_release "$release"
            say "RELEASED $name $release $release_number $release_state $release_time $release_by $release_commit"
          done
        done
        report ${apps}
      `,
    }),
  parse: (reply) => {
    const { host, runs } = requireReport(reply);
    return runs.map((facts) => ({ ...buildSeenApp(facts, host), releases: parseReleases(reply, facts.app) }));
  },
};

const STATES: readonly ReleaseState[] = ['uploaded', 'ready', 'activating', 'good', 'failed'];

function parseReleases({ records }: Reply, app: string): Release[] {
  const own = records.filter(({ fields }) => fields[0] === app);
  const current = own.find(({ kind }) => kind === 'CURRENT')?.fields[1];
  return own
    .filter(({ kind }) => kind === 'RELEASED')
    .sort((a, b) => Number(a.fields[2]) - Number(b.fields[2]))
    .map(({ fields: [, id = '', , state, time, by, commit] }) => ({
      id,
      current: id === current,
      // What could not be set up is told apart on the host only.
      state: STATES.find((known) => known === state) ?? 'failed',
      createdAt: formatTime(Number(time) || null),
      by: decodeText(by),
      commit: decodeText(commit),
    }));
}
