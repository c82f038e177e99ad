import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  CAMPAIGN_TIMEOUT_MS,
  type Laptop,
  type Round,
  runCampaign,
  startTcpProxy,
  type TcpProxy,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { type Answer, askInProcess } from '../../in-process.js';
import { addLaptop, useLab } from '../../program-lab.js';
import { measureConversation } from '../conversation.js';
import { awaitQuiet, type HostProcesses } from './host-processes.js';

/** Each round has one of them for itself, so that all that goes on there is of this round. */
const ALIASES = ['web1', 'web2', 'web3', 'web4'];
const lab = useLab(ALIASES);
const ARGV = ['sleep', '987654'];

const VERBS = {
  start: (app: string) => ['start', app, '--settle', '0ms'],
  status: (app: string) => ['status', app],
  stop: (app: string) => ['stop', app],
} as const;
type Verb = keyof typeof VERBS;

test('a start, a status and a stop that are cut behind any byte tell nothing that is not so', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async () => {
  const stages = await Promise.all(ALIASES.map(setStage));
  try {
    const streams = await measureStreams(stages[0] as Stage);
    const campaign = { name: 'cut-anywhere', rounds: 200, testShare: 0.1, parallel: stages.length };
    await runCampaign(campaign, async (round) => {
      const stage = stages.shift() as Stage;
      await play(stage, streams, round).finally(() => stages.push(stage));
    });
  } finally {
    for (const { proxy } of stages) await proxy.stop();
  }
});

interface Stage {
  readonly host: TestHost;
  readonly proxy: TcpProxy;
  readonly laptop: Laptop;
}

/** A part of one direction of one connection that a verb makes, and how long it is. */
interface Stream {
  readonly connection: number;
  readonly way: 'request' | 'reply';
  readonly from: number;
  readonly bytes: number;
}
type Streams = Readonly<Record<Verb, readonly Stream[]>>;

async function setStage(alias: string): Promise<Stage> {
  const host = lab.host(alias);
  const proxy = await startTcpProxy(host);
  return { host, proxy, laptop: await addLaptop([varyHost(host, { port: proxy.port })]) };
}

function askFor({ laptop, host }: Stage, verb: Verb, app: string): Promise<Answer> {
  const words = [...VERBS[verb](app), '-H', host.alias, '--connect-timeout', '20s'];
  return askInProcess(laptop, verb === 'start' ? [...words, '--', ...ARGV] : words);
}

/** What goes through in a run that nothing disturbs. */
async function measureStreams(stage: Stage): Promise<Streams> {
  const streams: Record<Verb, Stream[]> = { start: [], status: [], stop: [] };
  const { reply } = await measureConversation(stage.host, ['status']);
  const from = reply['behind the key reply'];
  for (const verb of ['start', 'status', 'stop'] as const) {
    const before = stage.proxy.accepted;
    expect((await askFor(stage, verb, 'app000')).document.ok).toBe(true);
    for (let number = before + 1; number <= stage.proxy.accepted; number++) {
      const { request, reply: answer } = stage.proxy.traffic(number);
      const connection = number - before;
      streams[verb].push({ connection, way: 'request', from: 0, bytes: request });
      streams[verb].push({ connection, way: 'reply', from: 0, bytes: answer });
    }
    // Few bytes, in which all depends on what the host has got already: the script was sent, and nothing was heard of it.
    streams[verb].push({ connection: 1, way: 'reply', from, bytes: reply['behind authentication'] - from });
  }
  return streams;
}

async function play(stage: Stage, streams: Streams, round: Round): Promise<void> {
  const app = `app${String(round.index).padStart(3, '0')}`;
  const context = { stage, streams, app, round };
  const started = await cutAndCheck(context, 'start', NOTHING);
  const running = started.apps.length > 0 ? started : await repair(context, 'start');
  await cutAndCheck(context, 'status', running);
  const stopped = await cutAndCheck(context, 'stop', running);
  const { traces } = stopped.traces.length === 0 ? stopped : await repair(context, 'stop');
  expect(traces).toEqual([]);
}

const NOTHING: HostProcesses = { apps: [], traces: [] };

interface Act {
  readonly stage: Stage;
  readonly streams: Streams;
  readonly app: string;
  readonly round: Round;
}

/** What was not done is done by the next client. */
async function repair({ stage, app, round }: Act, verb: Verb): Promise<HostProcesses> {
  const { document } = await askFor(stage, verb, app);
  round.step(`${verb} again: ${JSON.stringify(document.outcomes[0]?.error ?? 'ok')}`);
  expect(document.ok).toBe(true);
  return awaitQuiet(stage.host, app, ARGV);
}

/** Runs a verb over a link that breaks, compares what it tells with what is so, and gives what runs then. */
async function cutAndCheck(act: Act, verb: Verb, before: HostProcesses): Promise<HostProcesses> {
  const { stage, streams, app, round } = act;
  const { connection, way, at } = choosePlace(streams[verb], round.index);
  const by = round.random.pick(['reset', 'close'] as const);
  round.step(`${verb}: ${by} behind byte ${at} of the ${way} of connection ${connection}`);
  const number = stage.proxy.accepted + connection;
  stage.proxy.spoil({ [way]: { end: { at, by } } }, number);
  const told = await askFor(stage, verb, app);
  stage.proxy.spoil({}, number);
  const after = await awaitQuiet(stage.host, app, ARGV);
  const { ok = null, error } = told.document.outcomes[0] ?? {};
  round.step(`told ${ok} ${error?.message ?? ''}, ${before.apps.join(' ')} before, ${after.apps.join(' ')} afterwards`);
  round.count(`${verb} told ${ok === null ? 'as unknown' : ok ? 'as done' : 'as not done'}`);
  checkTold(act, verb, { told, before, after });
  return after;
}

/** Of so many rounds none is like another; the golden ratio spreads any number of them, and the cosine puts more at the ends. */
function choosePlace(streams: readonly Stream[], index: number): Stream & { readonly at: number } {
  const stream = streams[index % streams.length] as Stream;
  const part = (Math.floor(index / streams.length) * 0.618_033_988_75) % 1;
  return { ...stream, at: stream.from + Math.round(((1 - Math.cos(Math.PI * part)) / 2) * stream.bytes) };
}

interface Finding {
  readonly told: Answer;
  readonly before: HostProcesses;
  readonly after: HostProcesses;
}

function checkTold({ stage: { host }, app }: Act, verb: Verb, { told, before, after }: Finding): void {
  const { ok = null, apps = [] } = told.document.outcomes[0] ?? {};
  expect(told.exitCode).toBe(ok === true ? 0 : ok === null ? 1 : told.exitCode || 'something else than 0');
  expect(after.apps.length).toBeLessThanOrEqual(1);
  if (verb === 'status') expect(after.traces).toEqual(before.traces);
  if (ok === false) expect(after.traces).toEqual(before.traces);
  if (ok !== true) return;
  expect(apps.map(({ pid }) => pid)).toEqual(verb === 'stop' ? [null] : after.apps);
  // Whoever had to ask twice what became of it has done it all the same.
  if (verb !== 'status') expect(apps.map(({ changed }) => changed)).toEqual([true]);
  const folder = join(host.stateDir, 'apps', app);
  const records = existsSync(folder) ? readdirSync(folder) : [];
  if (verb === 'stop') expect(after.traces).toEqual([]);
  expect(records.some((name) => /^run\.\d+\.stopped$/.test(name))).toBe(verb === 'stop');
}
