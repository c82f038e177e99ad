import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CAMPAIGN_TIMEOUT_MS,
  findProcessesOf,
  type Laptop,
  type Round,
  runCampaign,
  startTcpProxy,
  type TcpProxy,
  type TestHost,
  varyHost,
  waitFor,
} from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { readDocument } from '../../document-schema.js';
import { addLaptop, appOf, ask, type Told, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);
const ARGV = ['sleep', '987654'];
const FLAGS = ['-H', 'web1', '--settle', '200ms', '--connect-timeout', '20s'];

const VERBS = {
  start: (app: string) => ['start', app, ...FLAGS, '--', ...ARGV],
  stop: (app: string) => ['stop', app, '-H', 'web1', '--connect-timeout', '20s'],
  restart: (app: string) => ['restart', app, ...FLAGS],
} as const;

/** What a verb is interrupted at: so many bytes of the host's answer, or so many changes in the app's folder on the host. */
const MOST = { bytes: 9000, changes: 60 } as const;

test('a client that is killed, or whose link is cut, leaves the old or the new state', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async () => {
  const host = lab.host();
  const proxy = await startTcpProxy(host);
  try {
    const laptop = await addLaptop([varyHost(host, { port: proxy.port })]);
    await runCampaign({ name: 'cut-clients', rounds: 120 }, (round) => play({ host, proxy, laptop }, round));
  } finally {
    await proxy.stop();
  }
});

interface Stage {
  readonly host: TestHost;
  readonly proxy: TcpProxy;
  readonly laptop: Laptop;
}

async function play(stage: Stage, { index, random, step, count }: Round): Promise<void> {
  const app = `app${index}`;
  const verb = random.pick(Object.keys(VERBS) as (keyof typeof VERBS)[]);
  if (verb !== 'start' || random.chance(0.5))
    expect((await ask(stage.laptop, VERBS.start(app))).document.ok).toBe(true);
  if (verb === 'start') await ask(stage.laptop, VERBS.stop(app));
  const before = findApps(stage.host, app);
  const fault = random.pick(['kill', 'cut'] as const);
  const unit = random.pick(['bytes', 'changes'] as const);
  const at = random.integer(1, MOST[unit]);
  step(`${verb}: ${fault === 'kill' ? 'the client is killed' : 'its link is cut'} after ${at} ${unit}`);
  const told = await interrupt(stage, { app, verb, fault, unit, at, count });
  await awaitQuiet(stage.host);
  const after = findApps(stage.host, app);
  step(`${before.join(' ') || 'nothing'} before, ${after.join(' ') || 'nothing'} afterwards`);
  checkChange(verb, before, after);
  if (told !== undefined) step(`told ${JSON.stringify(told.document.outcomes[0]?.error ?? told.document.ok)}`);
  if (told !== undefined) checkAnswer(verb, told, { before, after, count });
  await checkStatus(stage, app, after);
  step(`${verb} again`);
  const again = await ask(stage.laptop, VERBS[verb](app));
  expect(again.document.outcomes[0]).toMatchObject({ ok: true });
  await checkStatus(stage, app, findApps(stage.host, app));
  expect(findApps(stage.host, app)).toHaveLength(verb === 'stop' ? 0 : 1);
  count('repaired by the next run');
  await ask(stage.laptop, VERBS.stop(app));
}

interface Interruption extends Pick<Round, 'count'> {
  readonly app: string;
  readonly verb: keyof typeof VERBS;
  readonly fault: 'kill' | 'cut';
  readonly unit: keyof typeof MOST;
  readonly at: number;
}

/** Runs the verb and interrupts it; undefined when the client did not live to say anything. */
async function interrupt({ host, proxy, laptop }: Stage, plan: Interruption): Promise<Told | undefined> {
  const [verb = '', ...args] = VERBS[plan.verb](plan.app);
  const child = laptop.spawnOutlast([verb, '--json', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let hit = false;
  const action = () => {
    hit = child.exitCode === null;
    if (plan.fault === 'kill') child.kill('SIGKILL');
    else proxy.cut();
  };
  const disarm = plan.unit === 'bytes' ? armBytes(proxy, plan.at, action) : armChanges(host, plan, action);
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  disarm();
  plan.count(hit ? (plan.fault === 'kill' ? 'clients killed' : 'links cut') : 'done before the fault');
  if (signal !== null) return undefined;
  const stdout = Buffer.concat(output).toString();
  return { stdout, stderr: '', exitCode, signal, document: readDocument(verb, stdout) };
}

function armBytes(proxy: TcpProxy, bytes: number, action: () => void): () => void {
  proxy.afterReply(bytes, action);
  return () => proxy.afterReply(Number.POSITIVE_INFINITY, () => undefined);
}

function armChanges(host: TestHost, { app, at }: Interruption, action: () => void): () => void {
  const folder = join(host.stateDir, 'apps', app);
  // As a start makes it; without it nobody could watch the first one.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let left = at;
  const watcher = watch(folder, () => {
    left -= 1;
    if (left === 0) action();
  });
  return () => watcher.close();
}

/** The pids of the app's own processes, from /proc alone. */
function findApps(host: TestHost, app: string): number[] {
  return findProcesses(host).filter((pid) => isApp(pid) && read(pid, 'environ').includes(`OUTLAST_APP=${app}\0`));
}

function findProcesses(host: TestHost): number[] {
  return findProcessesOf(dirname(host.stateDir));
}

function isApp(pid: number): boolean {
  return read(pid, 'cmdline') === `${ARGV.join('\0')}\0`;
}

function read(pid: number, file: string): string {
  const path = `/proc/${pid}/${file}`;
  try {
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** The host goes on with what a client has asked for, whatever becomes of that client. */
async function awaitQuiet(host: TestHost): Promise<void> {
  const isAtWork = (pid: number) => /\0-s\0|\0launch\0/.test(read(pid, 'cmdline'));
  await waitFor(() => !findProcesses(host).some(isAtWork), {
    what: 'the scripts on the host to end',
    timeoutMs: 30_000,
  });
}

function checkChange(verb: string, before: readonly number[], after: readonly number[]): void {
  expect(after.length).toBeLessThanOrEqual(1);
  const wasKept = String(after) === String(before);
  if (verb === 'stop') expect(wasKept || after.length === 0).toBe(true);
  // Nothing that happens to the client ends the script between its stop and its start.
  if (verb === 'restart') expect(after).toHaveLength(1);
}

interface Change extends Pick<Round, 'count'> {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** What the client that lived has said is so. */
function checkAnswer(verb: string, told: Told, { before, after, count }: Change): void {
  const { ok = null, error } = told.document.outcomes[0] ?? {};
  // It says that the app runs, and that nobody could look a second time.
  const unproven = error?.code === 'E_NOT_DETACHED';
  if (unproven) count('told that it runs, but could not be looked at twice');
  else count(ok === null ? 'told that it is not known' : ok ? 'told that it was done' : 'told that it was not done');
  if (unproven) expect(after).toEqual([appOf(told).pid]);
  else if (ok === false) expect(after).toEqual(before);
  if (ok !== true) return;
  if (verb === 'stop') expect(after).toEqual([]);
  else expect(after).toEqual([appOf(told).pid]);
  if (verb === 'restart') expect(after).not.toEqual(before);
}

async function checkStatus({ host, laptop }: Stage, app: string, living: readonly number[]): Promise<void> {
  const folder = join(host.stateDir, 'apps', app);
  const told = await ask(laptop, ['status', app, '-H', 'web1']);
  const seen = told.document.outcomes[0]?.apps?.[0];
  const records = existsSync(folder) ? readdirSync(folder).join(' ') : 'none';
  if ((seen?.pid ?? null) !== (living[0] ?? null) || seen?.state === 'corrupt') {
    throw new Error(
      `status says ${seen?.state} with pid ${seen?.pid}, /proc has ${living.join(' ') || 'none'}; ${records}`,
    );
  }
}
