import { type ProcessStat, parseCmdlines, parseOwners, parseProcessStats } from '../process/parse-process-list.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { formatTime } from '../state/resolve-state.js';
import type { HostReport } from '../state/run-facts.js';
import { createProtocolError, findRecord, type Reply } from '../wire/reply.js';
import { BASE_FUNCTIONS, type Operation, requireReport } from './operation.js';

/** Which processes are wanted. */
export interface FindOptions {
  /** Matched against the arguments joined by blanks; it never reaches the host, so the search cannot find itself. */
  readonly pattern: RegExp;
}

/** A process on a host, managed or not. */
export interface HostProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly user: string | null;
  /** A process that has no arguments, as those of the kernel, is shown by its name in brackets. */
  readonly argv: readonly string[];
  readonly startedAt: string | null;
  /** CPU time over life time, as `ps` has it. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  /** The app whose tree it belongs to. */
  readonly app: string | null;
}

/** Searches all processes of a host that this user can see. */
export const find: Operation<FindOptions, readonly HostProcess[]> = {
  name: 'find',
  mutates: false,
  build: (_options, frame) =>
    buildScript(frame, {
      title: 'find',
      functions: BASE_FUNCTIONS,
      body: sh`
        need awk cat grep id ls od tr || return 1
        find_state || return 1
        list_apps
        report $apps
        say "SELF $$ $(getconf PAGESIZE 2>/dev/null || echo 4096) $(cat /proc/uptime)"
        say STATS
        cat /proc/[0-9]*/stat 2>/dev/null
        say OWNERS
        LC_ALL=C ls -ld /proc/[0-9]* 2>/dev/null
        say CMDLINES
        LC_ALL=C grep -zHsa '' /proc/[0-9]*/cmdline
        return 0
      `,
    }),
  parse: (reply, { pattern }) => parseProcesses(reply).filter(({ argv }) => pattern.test(argv.join(' '))),
};

function parseProcesses(reply: Reply): HostProcess[] {
  const report = requireReport(reply);
  const [self = 0, pageSize = 4096, uptime = 0] = (findRecord(reply, 'SELF')?.fields ?? []).map(Number);
  const stats = new Map(parseProcessStats(requireData(reply, 'STATS')).map((stat) => [stat.pid, stat]));
  const owners = parseOwners(requireData(reply, 'OWNERS'));
  const argvs = parseCmdlines(requireData(reply, 'CMDLINES'));
  const apps = mapApps(report);
  const { now, ticksPerSecond } = report.host;
  const wanted = [...stats.values()].filter((stat) => !isOurs(stat, self, stats));
  return wanted.map((stat) => {
    const seconds = Math.max(0, uptime - stat.start / ticksPerSecond);
    return {
      pid: stat.pid,
      ppid: stat.parent,
      user: owners.get(stat.pid) ?? null,
      argv: argvs.get(stat.pid) ?? [`[${stat.name}]`],
      startedAt: formatTime(now === 0 ? null : Math.round(now - seconds)),
      cpuPercent: seconds > 0 ? Math.round((stat.cpuTicks / ticksPerSecond / seconds) * 1000) / 10 : 0,
      rssBytes: stat.residentPages * pageSize,
      app: findApp(stat, stats, apps),
    };
  });
}

function requireData(reply: Reply, kind: string): Uint8Array {
  const record = findRecord(reply, kind);
  if (record === undefined) throw createProtocolError(`its ${kind}`);
  return record.data;
}

/** The apps by the pids of their processes that live. */
function mapApps(report: HostReport): Map<number, string> {
  return new Map(report.runs.flatMap(({ app, process }) => (process?.liveness ? [[process.pid, app] as const] : [])));
}

/** Our own script and what it has started. */
function isOurs(stat: ProcessStat, self: number, stats: ReadonlyMap<number, ProcessStat>): boolean {
  for (const ancestor of listAncestors(stat, stats)) if (ancestor.pid === self) return true;
  return false;
}

function findApp(
  stat: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
  apps: ReadonlyMap<number, string>,
): string | null {
  for (const { pid, group, session } of listAncestors(stat, stats)) {
    const app = apps.get(pid) ?? apps.get(group) ?? apps.get(session);
    if (app !== undefined) return app;
  }
  return null;
}

function* listAncestors(stat: ProcessStat, stats: ReadonlyMap<number, ProcessStat>): Generator<ProcessStat> {
  const seen = new Set<number>();
  for (
    let next: ProcessStat | undefined = stat;
    next !== undefined && !seen.has(next.pid);
    next = stats.get(next.parent)
  ) {
    seen.add(next.pid);
    yield next;
  }
}
