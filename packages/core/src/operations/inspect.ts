import type { AppReport, DeathCause } from '../model/app.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { buildAppReport, formatTime } from '../state/resolve-state.js';
import type { RunFacts } from '../state/run-facts.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import { getSignalName } from '../values/signal-name.js';
import type { Reply } from '../wire/reply.js';
import { decodeText } from '../wire/token.js';
import { CHANGE_FUNCTIONS, type Operation, requireReport } from './operation.js';

/** Which apps are inspected. */
export interface InspectOptions {
  readonly apps: readonly string[];
}

/** How the app's own process once ended. */
export interface AppEnd {
  readonly run: number;
  /** Restarts before it, within that run. */
  readonly restarts: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly endedAt: string | null;
  /** `stop` where outlast ended it. */
  readonly cause: DeathCause | 'stop' | null;
}

/** Everything recorded about the latest run of one app. */
export interface Inspection {
  readonly report: AppReport;
  /** Counts the starts of this app on this host. */
  readonly run: number;
  /** What the app was asked to be; the values of `secretEnv` are masked. */
  readonly spec: AppSpec | null;
  /** Who started it, as `user@laptop`. */
  readonly startedBy: string | null;
  /** pid + start time in ticks since boot + boot id: what every signal is checked against. */
  readonly identity: { readonly pid: number; readonly start: string; readonly boot: string } | null;
  readonly supervisorPid: number | null;
  /** The last ten ends on this host, oldest first, with those after which it was started again. */
  readonly ends: readonly AppEnd[];
  /** The record of the latest run that cannot be understood; null when all can. */
  readonly damaged: string | null;
  /** It ran already when it became an app; what it was started with is recorded on the host, its environment unseen. */
  readonly adopted: boolean;
  /** Every living process of the app. */
  readonly pids: readonly number[];
  /** Where it is to listen, as configured or as the host has chosen; null where nothing says so. */
  readonly port: number | null;
  /** The folder of its records on the host. */
  readonly stateDir: string;
}

/** Reports everything recorded about apps, and the processes they consist of. */
export const inspect: Operation<InspectOptions, readonly Inspection[]> = {
  name: 'inspect',
  mutates: false,
  build: (options, frame) =>
    buildScript(frame, {
      title: 'inspect',
      apps: options.apps,
      functions: [...CHANGE_FUNCTIONS, TREE_FUNCTIONS],
      body: sh`
        need awk cat grep id ls od tr || return 1
        find_state || return 1
        read_boot
        for name in ${options.apps}; do
          enter_app "$name"
          leading_run
          read_tree
          list_members "$root" "$mark" || { fail E_PROTOCOL - 'the processes of the host could not be listed'; return 1; }
          say "MEMBERS $name$members"
          while IFS= read -r end; do say "ENDED $name $end"; done 2>/dev/null <"$app_dir/ends"
        done
        report ${options.apps}
      `,
    }),
  parse: (reply) => {
    const { host, runs } = requireReport(reply);
    return runs.map((facts) => {
      const members = reply.records.find(({ kind, fields }) => kind === 'MEMBERS' && fields[0] === facts.app);
      const pids = (members?.fields.slice(1) ?? []).map(Number).sort((a, b) => a - b);
      return {
        ...buildInspection(facts),
        report: buildAppReport(facts, host),
        pids,
        ends: parseEnds(reply, facts.app),
        stateDir: `${host.stateDir}/apps/${facts.app}`,
      };
    });
  },
};

function buildInspection(facts: RunFacts): Omit<Inspection, 'report' | 'pids' | 'ends' | 'stateDir'> {
  const { process, supervisor, damaged } = facts;
  return {
    run: facts.run,
    spec: facts.spec,
    startedBy: decodeText(facts.claim?.rest[2]),
    identity: process && { pid: process.pid, start: process.start, boot: process.boot },
    supervisorPid: supervisor?.liveness ? supervisor.pid : null,
    damaged,
    adopted: process?.rest[2] === 'adopted',
    port: facts.spec?.port === 'auto' ? facts.port : (facts.spec?.port ?? null),
  };
}

const END_CAUSES = ['stop', 'oom', 'logout'] as const;

/** A line that a full disk has cut is left out. */
function parseEnds(reply: Reply, app: string): AppEnd[] {
  const ends = reply.records.filter(({ kind, fields }) => kind === 'ENDED' && fields[0] === app && fields.length === 7);
  return ends.map(({ fields: [, run, kind, value, endedAt, restarts, cause] }) => ({
    run: Number(run),
    restarts: Number(restarts),
    exitCode: kind === 'code' ? Number(value) : null,
    signal: kind === 'signal' ? getSignalName(Number(value)) : null,
    endedAt: formatTime(Number(endedAt) || null),
    cause: END_CAUSES.find((known) => known === cause) ?? null,
  }));
}
