import {
  formatTerminal,
  type ProcessStat,
  parseCmdlines,
  parseOwners,
  parseProcessStats,
} from '../process/parse-process-list.js';
import { PRINT_STATS } from '../process/process-list-awk.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { formatTime } from '../state/resolve-state.js';
import type { HostReport } from '../state/run-facts.js';
import { createProtocolError, findRecord, type Reply } from '../wire/reply.js';
import { BASE_FUNCTIONS, type Operation, requireReport } from './operation.js';

/** Which processes are wanted. */
export interface FindOptions {
  /** Matched against the arguments joined by blanks; it never reaches the host, so the search cannot find itself. */
  readonly pattern: RegExp;
  /** Only processes of this app. */
  readonly app?: string;
  /** The process that asks: where it runs on this very host, neither it nor what it has started is told. */
  readonly client?: ClientIdentity;
}

/** A process, told from every other of every machine. */
export interface ClientIdentity {
  readonly pid: number;
  /** In ticks since boot. */
  readonly start: string;
  readonly boot: string;
}

/** A process on a host, managed or not. */
export interface HostProcess {
  readonly pid: number;
  readonly ppid: number;
  readonly user: string | null;
  /** A process that has no arguments, as those of the kernel, is shown by its name in brackets. */
  readonly argv: readonly string[];
  readonly startedAt: string | null;
  /** The same in ticks since boot: with the pid it tells the process from a later one of that pid. */
  readonly start: string;
  /** As `ps` names it, such as `pts/0`; null without one. */
  readonly tty: string | null;
  /** CPU time in all. */
  readonly cpuSeconds: number;
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
        [ -r /proc/self/stat ] || { fail E_UNSUPPORTED_HOST - 'no /proc, in which to find anything'; return 1; }
        find_state || return 1
        list_apps
        report $apps
        say "SELF $$ $(getconf PAGESIZE 2>/dev/null || echo 4096) $(cat /proc/uptime)"
        say STATS
        LC_ALL=C ${raw(PRINT_STATS)} 2>/dev/null
        say OWNERS
        LC_ALL=C ls -ld /proc/[0-9]* 2>/dev/null
        say CMDLINES
        LC_ALL=C grep -zHsa '' /proc/[0-9]*/cmdline
        return 0
      `,
    }),
  parse: (reply, { pattern, app, client }) =>
    parseProcesses(reply, client).filter(
      (process) => pattern.test(process.argv.join(' ')) && (app === undefined || process.app === app),
    ),
};

function parseProcesses(reply: Reply, client: ClientIdentity | undefined): HostProcess[] {
  const report = requireReport(reply);
  const [self = 0, pageSize = 4096, uptime = 0] = (findRecord(reply, 'SELF')?.fields ?? []).map(Number);
  const stats = new Map(parseProcessStats(requireData(reply, 'STATS')).map((stat) => [stat.pid, stat]));
  const owners = parseOwners(requireData(reply, 'OWNERS'));
  const argvs = parseCmdlines(requireData(reply, 'CMDLINES'));
  const apps = mapApps(report);
  const { boot, now, ticksPerSecond } = report.host;
  const clientHere = client?.boot === boot && stats.get(client.pid)?.start === Number(client.start);
  const ours = new Set(clientHere ? [self, client.pid] : [self]);
  const wanted = [...stats.values()].filter((stat) => !isOurs(stat, ours, stats));
  return wanted.map((stat) => {
    const seconds = Math.max(0, uptime - stat.start / ticksPerSecond);
    return {
      pid: stat.pid,
      ppid: stat.parent,
      user: owners.get(stat.pid) ?? null,
      argv: argvs.get(stat.pid) ?? [`[${stat.name}]`],
      startedAt: formatTime(now === 0 ? null : Math.round(now - seconds)),
      start: String(stat.start),
      tty: formatTerminal(stat.terminal),
      cpuSeconds: Math.floor(stat.cpuTicks / ticksPerSecond),
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

/** An app by the pid of its process; an adopted one may have its group and session from strangers. */
interface AppOwner {
  readonly app: string;
  readonly adopted: boolean;
}

/** The apps by the pids of their processes that live. */
function mapApps(report: HostReport): Map<number, AppOwner> {
  return new Map(
    report.runs.flatMap(({ app, process, beside }) => [
      ...(process?.liveness ? [[process.pid, { app, adopted: process.rest[2] === 'adopted' }] as const] : []),
      ...(beside?.pid ? [[beside.pid, { app, adopted: false }] as const] : []),
    ]),
  );
}

/** Our own script and what it has started, and the client where it is here. */
function isOurs(stat: ProcessStat, ours: ReadonlySet<number>, stats: ReadonlyMap<number, ProcessStat>): boolean {
  for (const ancestor of listAncestors(stat, stats)) if (ours.has(ancestor.pid)) return true;
  return false;
}

function findApp(
  stat: ProcessStat,
  stats: ReadonlyMap<number, ProcessStat>,
  apps: ReadonlyMap<number, AppOwner>,
): string | null {
  for (const { pid, group, session } of listAncestors(stat, stats)) {
    const owner = apps.get(pid) ?? [group, session].map((id) => apps.get(id)).find((each) => each?.adopted === false);
    if (owner !== undefined) return owner.app;
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
