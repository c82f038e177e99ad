import type { AppReport, AppState, DeathCause, StopMethod } from '../model/app.js';
import { getSignalName } from '../values/signal-name.js';
import { decodeText } from '../wire/token.js';
import type { HostFacts, RunFacts, Usage } from './run-facts.js';

/** How a run came to its end, or what it is doing. */
interface Verdict {
  readonly state: AppState;
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly endedAt?: number | null;
  readonly how?: StopMethod | null;
  readonly endedBy?: string | null;
  readonly cause?: DeathCause | null;
}

/**
 * Concludes what an app is doing from the records of its latest run:
 *
 * - one of them is damaged: `corrupt`, since it may hide anything
 * - the app's identity lives: `paused` where it is stopped by a signal, `stopping` while a stop is at work, else `running`
 * - it is gone and its end is recorded: `stopped` where outlast stopped it, `crash-looping` where the supervisor gave up, else `exited` or `killed`
 * - it is gone and its supervisor waits to start it again: `restarting`; it cannot be seen and its supervisor does not wait: `running`
 * - its start was given up before it ran: `lost`
 * - it is gone and nobody recorded how: `rebooted` where the host has started since, else `lost`
 */
function resolveState(facts: RunFacts, host: HostFacts): Verdict {
  if (facts.run === 0) return { state: 'unknown' };
  if (facts.damaged !== null) return { state: 'corrupt' };
  if (facts.process?.liveness) return { state: resolveLiveState(facts) };
  if (facts.stop?.liveness) return { state: 'stopping' };
  if (facts.aborted) return { state: 'lost' };
  if (facts.exit !== null || facts.stopped !== null) return resolveEnd(facts);
  const launching = facts.claim?.liveness || facts.supervisor?.liveness;
  if (facts.process === null) return { state: launching ? 'starting' : 'lost' };
  // A supervisor that neither waits nor has recorded an end still has its app, though we are not allowed to see it.
  if (facts.supervisor?.liveness) return { state: isWaiting(facts) ? 'restarting' : 'running' };
  return { state: facts.process.boot === host.boot ? 'lost' : 'rebooted' };
}

/** Supervisors of version 1, whose claims name no version, do not say that they wait. */
function isWaiting({ waiting, claim }: RunFacts): boolean {
  return waiting || claim?.rest[3] === undefined;
}

function resolveLiveState(facts: RunFacts): AppState {
  if (facts.stop?.liveness) return 'stopping';
  return facts.process?.liveness === 'T' ? 'paused' : 'running';
}

function resolveEnd(facts: RunFacts): Verdict {
  const [kind, value = '', endedAt = '', , reason, cause] = facts.exit ?? [];
  const number = parseCount(value);
  const signal = kind === 'signal' && number !== null ? getSignalName(number) : null;
  const end = {
    exitCode: kind === 'code' ? number : null,
    signal,
    endedAt: parseCount(endedAt || findStopTime(facts.stopped)) || null,
  };
  if (facts.stopped !== null) {
    const how = facts.stopped?.[0] === 'kill' ? 'kill' : facts.stopped?.[0] === 'term' ? 'term' : null;
    return { ...end, state: 'stopped', how, endedBy: decodeText(facts.stop?.rest[1]) };
  }
  if (reason === 'gave-up') return { ...end, state: 'crash-looping' };
  return {
    ...end,
    state: kind === 'signal' ? 'killed' : 'exited',
    cause: CAUSES.find((known) => known === cause) ?? null,
    endedBy: isOurSignal(facts.signalled, end) ? decodeText(facts.signalled?.[2]) : null,
  };
}

/** On a full disk a link to the record of the stop, or of the claim, stands in the place of the word. */
function findStopTime(stopped: RunFacts['stopped']): string | undefined {
  if (stopped === null) return undefined;
  const [word, ...rest] = stopped;
  if (word === 'term' || word === 'kill') return rest[0];
  return rest.slice(2).find((each) => parseCount(each) !== null);
}

const CAUSES: readonly DeathCause[] = ['oom', 'logout'];

/** A signal that the app has survived for longer than this is not what it died of. */
const LONGEST_DEATH_SECONDS = 5;

function isOurSignal(sent: RunFacts['signalled'], end: { signal: string | null; endedAt: number | null }): boolean {
  const [word = '', sentAt = ''] = sent ?? [];
  const number = parseCount(word);
  const name = number === null ? word : getSignalName(number);
  const seconds = (end.endedAt ?? 0) - (parseCount(sentAt) ?? 0);
  return end.signal === name && seconds <= LONGEST_DEATH_SECONDS;
}

/** A word of a record that is to be a whole number; null for anything else, since a record may be damaged. */
function parseCount(word: string | undefined): number | null {
  return word !== undefined && /^\d{1,15}$/.test(word) ? Number(word) : null;
}

/** Makes the report of one app that every verb gives. */
export function buildAppReport(facts: RunFacts, host: HostFacts): AppReport {
  const verdict = resolveState(facts, host);
  const live = verdict.state !== 'corrupt' && facts.process?.liveness ? facts : null;
  return {
    app: facts.app,
    state: verdict.state,
    pid: live?.process?.pid ?? null,
    lastPid: facts.process?.pid ?? null,
    startedAt: formatTime(parseCount(facts.process?.rest[0]) || null),
    uptimeSeconds: live?.usage ? Math.round(live.usage.uptimeSeconds) : null,
    argv: fillPort(facts),
    cwd: formatFolder(facts, host),
    restarts: parseCount(facts.exit?.[3] ?? facts.process?.rest[1]) ?? 0,
    cpuPercent: live?.usage ? computeCpuPercent(live.usage) : null,
    rssBytes: live?.usage?.rssBytes ?? null,
    ports: live === null ? [] : live.ports,
    release: facts.release,
    beside: facts.beside,
    exitCode: verdict.exitCode ?? null,
    signal: verdict.signal ?? null,
    endedAt: formatTime(verdict.endedAt ?? null),
    how: verdict.how ?? null,
    cause: verdict.cause ?? null,
    endedBy: verdict.endedBy ?? null,
    logPath:
      facts.run === 0 ? null : `${host.stateDir}/apps/${facts.app}/${facts.spec?.log.split ? 'log.stdout' : 'log'}`,
  };
}

function formatFolder({ app, spec, release }: RunFacts, { stateDir }: HostFacts): string | null {
  if (!spec?.inRelease || release === null) return spec?.cwd ?? null;
  return `${stateDir}/deploys/${app}/releases/${release}${spec.cwd === null ? '' : `/${spec.cwd}`}`;
}

/** With the port that the host has chosen in its place. */
function fillPort({ spec, port }: RunFacts): readonly string[] | null {
  if (spec === null || spec.port !== 'auto' || port === null) return spec?.argv ?? null;
  return spec.argv.map((word) => word.replaceAll('{port}', String(port)));
}

function computeCpuPercent({ cpu }: Usage): number {
  return cpu.withinSeconds > 0 ? Math.round((cpu.seconds / cpu.withinSeconds) * 1000) / 10 : 0;
}

/** Writes seconds since the epoch as ISO 8601 in UTC; null stays null, and so becomes what no calendar holds. */
export function formatTime(epochSeconds: number | null): string | null {
  const date = new Date((epochSeconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().replace('.000Z', 'Z');
}
