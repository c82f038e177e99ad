import type { RunBeside } from '../model/app.js';
import { decodeHexText } from '../wire/bytes.js';
import type { Reply } from '../wire/reply.js';
import { decodeToken } from '../wire/token.js';
import { type AppSpec, parseAppSpec } from './app-spec.js';

/** What the host said of itself. */
export interface HostFacts {
  readonly boot: string;
  readonly ticksPerSecond: number;
  /** Seconds since the epoch by the host's clock; 0 where it has none. */
  readonly now: number;
  /** Absolute path of the state folder. */
  readonly stateDir: string;
}

/** A process that a record names. */
export interface RecordedProcess {
  /** Its state letter as in `/proc/PID/stat`; null when that very process is gone. */
  readonly liveness: string | null;
  readonly pid: number;
  /** Start time in ticks since boot, as the host wrote it. */
  readonly start: string;
  readonly boot: string;
  /** The other words of the record. */
  readonly rest: readonly string[];
}

/** What the processes of a live app use. */
export interface Usage {
  readonly uptimeSeconds: number;
  readonly rssBytes: number;
  /** CPU time of the whole tree: since somebody looked the last time where that was a second to ten minutes ago, else over its life. */
  readonly cpu: { readonly seconds: number; readonly withinSeconds: number };
}

/** Everything recorded of the latest run of one app, as found: nothing is concluded here. */
export interface RunFacts {
  readonly app: string;
  /** 0: the app never ran here. */
  readonly run: number;
  readonly claim: RecordedProcess | null;
  readonly supervisor: RecordedProcess | null;
  readonly process: RecordedProcess | null;
  /** The record that is not as one of ours, as `run.3.pid`; null when all are. */
  readonly damaged: string | null;
  /** The launch was given up before the app ran. */
  readonly aborted: boolean;
  readonly stop: RecordedProcess | null;
  readonly stopped: readonly string[] | null;
  readonly signalled: readonly string[] | null;
  /** The supervisor waits before it starts the app again. */
  readonly waiting: boolean;
  readonly exit: readonly string[] | null;
  readonly spec: AppSpec | null;
  /** The id of the release that it runs in; null where it runs in none. */
  readonly release: string | null;
  /** Another run that lives beside it; null where none does. */
  readonly beside: RunBeside | null;
  /** The port that the host has chosen; null where it was not to. */
  readonly port: number | null;
  readonly usage: Usage | null;
  /** Null where the host does not let us see them. */
  readonly ports: readonly number[] | null;
}

/** What the report of a script holds. */
export interface HostReport {
  readonly host: HostFacts;
  readonly runs: readonly RunFacts[];
}

type Fields = readonly string[];

/** Reads the HOST and APP records of a reply; undefined when the script did not get as far as its report. */
export function parseReport(reply: Reply): HostReport | undefined {
  const host = reply.records.find((record) => record.kind === 'HOST');
  if (host === undefined) return undefined;
  const [boot = '-', ticks = '100', now = '0', state = ''] = host.fields;
  const facts = {
    boot,
    ticksPerSecond: Number(ticks) || 100,
    now: Number(now) || 0,
    stateDir: state.startsWith('/') ? state : decodeHexText(state),
  };
  const byApp = new Map<string, Map<string, Fields>>();
  const chunks = new Map<string, string[]>();
  for (const {
    kind,
    fields: [app = '', ...fields],
  } of reply.records) {
    if (kind === 'APP') byApp.set(app, new Map([['APP', fields]]));
    else if (kind === 'SPEC') chunks.set(app, [...(chunks.get(app) ?? []), fields[0] ?? '']);
    else byApp.get(app)?.set(kind, fields);
  }
  const runs = [...byApp].map(([app, records]) => buildRunFacts(app, records, chunks.get(app), facts));
  return { host: facts, runs };
}

function buildRunFacts(
  app: string,
  records: ReadonlyMap<string, Fields>,
  chunks: Fields | undefined,
  host: HostFacts,
): RunFacts {
  const pid = records.get('PID');
  const ports = records.get('PORTS');
  return {
    app,
    run: Number(records.get('APP')?.[0]) || 0,
    claim: parseProcess(records.get('CLAIM')),
    supervisor: parseProcess(records.get('SUPERVISOR')),
    process: parseProcess(pid),
    damaged: findDamage(records),
    aborted: pid?.[1] === 'aborted',
    stop: parseProcess(records.get('STOP')),
    stopped: records.get('STOPPED') ?? null,
    signalled: records.get('SIGNAL') ?? null,
    waiting: records.has('WAITING'),
    exit: records.get('EXIT')?.filter((word) => word !== '') ?? null,
    spec: chunks === undefined ? null : parseAppSpec(decodeToken(chunks.join(''))),
    release: records.get('RELEASE')?.[0] ?? null,
    beside: parseBeside(records.get('BESIDE')),
    port: parsePorts(records.get('PORT')?.[0] ?? '')[0] ?? null,
    usage: parseUsage(records.get('USAGE'), host),
    ports: ports?.[0] === 'visible' ? parsePorts(ports[1] ?? '') : null,
  };
}

/** How the words of each record have to begin; those of processes come with a letter of their state before them. */
const RECORD_SHAPES: Readonly<Record<string, RegExp>> = {
  CLAIM: /^\S \d+ \S+ \S+ \S+ \d+ \S+( 2)?$/,
  SUPERVISOR: /^\S \d+ \S+ \S+ \S/,
  PID: /^\S (aborted|\d+ \S+ \S+ \S+ \S)/,
  STOP: /^\S \d+ \S+ \S+ \S+ \S/,
  STOPPED: /^(term|kill|\d+)( |$)/,
  EXIT: /^(code|signal) \d+/,
};

/** The same rules as `check_records` has on the host. */
function findDamage(records: ReadonlyMap<string, Fields>): string | null {
  const run = records.get('APP')?.[0] ?? '';
  if (run !== '0' && !records.has('CLAIM')) return `run.${run}`;
  for (const [kind, shape] of Object.entries(RECORD_SHAPES)) {
    const fields = records.get(kind);
    if (fields !== undefined && !shape.test(fields.join(' ').trimEnd()))
      return kind === 'CLAIM' ? `run.${run}` : `run.${run}.${kind.toLowerCase()}`;
  }
  return null;
}

function parseProcess(fields: Fields | undefined): RecordedProcess | null {
  const [liveness = '-', pid = '', start = '', boot = '', ...rest] = fields ?? [];
  if (!/^\d+$/.test(pid)) return null;
  return { liveness: liveness === '-' ? null : liveness, pid: Number(pid), start, boot, rest };
}

function parseBeside(fields: Fields | undefined): RunBeside | null {
  if (fields === undefined) return null;
  const [release = '-', pid = ''] = fields;
  return { release: release === '-' ? null : release, pid: /^\d+$/.test(pid) ? Number(pid) : null };
}

function parseUsage(fields: Fields | undefined, host: HostFacts): Usage | null {
  if (fields === undefined) return null;
  const [now = 0, , ticks = 0, rssBytes = 0, window, windowTicks = 0] = fields.map(Number);
  const startSeconds = parseStart(fields[1] ?? '', host);
  if (![now, startSeconds, ticks, rssBytes, window ?? 0, windowTicks].every(Number.isFinite)) return null;
  const uptimeSeconds = Math.max(0, (now || host.now) - startSeconds);
  const cpu =
    window === undefined
      ? { seconds: ticks / host.ticksPerSecond, withinSeconds: uptimeSeconds }
      : { seconds: windowTicks / host.ticksPerSecond, withinSeconds: window / host.ticksPerSecond };
  return { uptimeSeconds, rssBytes, cpu };
}

/** Seconds since the boot; since the epoch where the host has no `/proc`: `lMon_Nov_23_02:27:10_2026`. */
function parseStart(start: string, host: HostFacts): number {
  const [, month, day, time, year] = start.split('_');
  return year === undefined
    ? Number(start) / host.ticksPerSecond
    : Date.parse(`${month} ${day} ${year} ${time} UTC`) / 1000;
}

function parsePorts(list: string): number[] {
  return list
    .split(',')
    .filter((port) => /^\d{1,5}$/.test(port))
    .map(Number)
    .sort((a, b) => a - b);
}
