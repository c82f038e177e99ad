import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
import { addLaptop, ask, shell, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);
const LIMIT = 64 * 1024;
const SETTINGS = ['--settle', '200ms', '--log-max-size', `${LIMIT}B`, '--log-keep', '1000'];
/** Enough for a dozen cuts of the log, in a few seconds. */
const WRITER = `
  i=$(cat "$0" 2>/dev/null || echo 0)
  while [ "$i" -lt 20000 ]; do
    awk -v i="$i" 'BEGIN { for (n = 1; n <= 400; n++) printf "line %d of those that all have to arrive\\n", i + n }'
    i=$((i + 400)); echo "$i" >"$0.new"; mv "$0.new" "$0"; sleep 0.05
  done
  : >"$0.done"; exec sleep 600`;
const FAULTS = ['cut', 'frozen for a while', 'frozen for long', 'restart of the app'] as const;
/** Longer than a script lives that hears nothing of its client. */
const LONG_MS = 2_500;
/** What the client has left on the host is gone by then. */
const LEASE_MS = 2_000;

test('a log that is cut, followed over links that break, arrives whole, and nothing is left of who followed it', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async () => {
  const host = lab.host();
  const proxy = await startTcpProxy(host);
  try {
    const laptop = await addLaptop([varyHost(host, { port: proxy.port })]);
    await runCampaign({ name: 'followed-logs', rounds: 60 }, (round) => play({ host, proxy, laptop }, round));
  } finally {
    await proxy.stop();
  }
});

interface Stage {
  readonly host: TestHost;
  readonly proxy: TcpProxy;
  readonly laptop: Laptop;
}

async function play({ host, proxy, laptop }: Stage, round: Round): Promise<void> {
  const { index, random, step, count } = round;
  const app = `app${index}`;
  const folder = join(host.stateDir, 'apps', app);
  const progress = join(dirname(host.stateDir), `${app}.lines`);
  await lab.ask(['start', app, '-H', 'web1', ...SETTINGS, ...shell(WRITER), progress]);
  const client = laptop.spawnOutlast(['logs', '-f', app, '-H', 'web1', '-n', '1000000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const read = collect(client);
  try {
    await waitFor(() => read().length > 0, { what: 'the first lines', timeoutMs: 30_000 });
    for (let faults = random.integer(2, 4); faults > 0; faults--) {
      const fault = random.pick(FAULTS);
      step(fault);
      await inflict({ host, proxy, laptop }, { fault, app, afterBytes: random.integer(1, 200_000) });
      count(fault);
    }
    await waitFor(() => existsSync(`${progress}.done`), { what: 'all to be written', timeoutMs: 60_000 });
    await waitFor(() => isSettled(folder), { what: 'the last cut' });
    await waitFor(() => read().length >= readWritten(folder).length, {
      what: 'all to be read',
      timeoutMs: 60_000,
      evidence: () => `${read().length} of ${readWritten(folder).length} bytes`,
    });
    checkSame(read(), readWritten(folder));
    count('lines that arrived once', read().toString().split('\n').length - 1);
    count('cuts of logs', listArchives(folder).length);
    await leave({ host, proxy, laptop }, client, round);
  } finally {
    client.kill('SIGKILL');
    proxy.thaw();
    await ask(lab.laptop, ['stop', app, '-H', 'web1']);
  }
}

interface Fault {
  readonly fault: (typeof FAULTS)[number];
  readonly app: string;
  readonly afterBytes: number;
}

/** Once so much more has come, or has not for a while. */
async function inflict({ proxy }: Stage, { fault, app, afterBytes }: Fault): Promise<void> {
  await Promise.race([new Promise<void>((resolve) => proxy.afterReply(afterBytes, resolve)), delay(1_000)]);
  if (fault === 'cut') proxy.cut();
  else if (fault === 'restart of the app') await lab.ask(['restart', app, '-H', 'web1', '--settle', '0ms']);
  else {
    proxy.freeze();
    await delay(fault === 'frozen for long' ? LONG_MS : LONG_MS / 5);
    proxy.thaw();
  }
}

/** Ends the client, seen by the host or not, and waits until nothing is left of it there. */
async function leave({ host, proxy }: Stage, client: ChildProcess, { random, step, count }: Round): Promise<void> {
  const isAtWork = () => findProcessesOf(dirname(host.stateDir)).some((pid) => readArgv(pid).includes('\0-s\0'));
  await waitFor(isAtWork, { what: 'the script of the client' });
  const silent = random.chance(0.5);
  step(silent ? 'the client vanishes behind a silent link' : 'the client is killed');
  if (silent) proxy.freeze();
  client.kill('SIGKILL');
  await waitFor(() => !isAtWork(), { what: 'nothing of the client to be left on the host', timeoutMs: LEASE_MS });
  count('clients of which nothing was left after 2 s');
}

function collect(client: ChildProcess): () => Buffer {
  const chunks: Buffer[] = [];
  client.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => {
    chunks.splice(0, chunks.length, Buffer.concat(chunks));
    return chunks[0] ?? Buffer.alloc(0);
  };
}

/** The oldest first. */
function listArchives(folder: string): string[] {
  const numbers = readdirSync(folder).map((name) => Number(/^log\.(\d+)$/.exec(name)?.[1] ?? 0));
  return numbers
    .filter(Boolean)
    .sort((a, b) => b - a)
    .map((number) => join(folder, `log.${number}`));
}

/** Everything that the app has written so far. */
function readWritten(folder: string): Buffer {
  return Buffer.concat([...listArchives(folder), join(folder, 'log')].map((path) => readFileSync(path)));
}

/** Nothing is being cut, nor will it be. */
function isSettled(folder: string): boolean {
  return !existsSync(join(folder, 'log.cut')) && statSync(join(folder, 'log')).size < LIMIT;
}

function checkSame(read: Buffer, written: Buffer): void {
  if (read.equals(written)) return;
  let at = 0;
  while (at < read.length && read[at] === written[at]) at++;
  const show = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, at - 80), at + 80).toString());
  throw new Error(`what arrived differs from byte ${at} on: ${show(read)} instead of ${show(written)}`);
}

function readArgv(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

test('a difference would be seen', () => {
  expect(() => checkSame(Buffer.from('a\nb\nb\n'), Buffer.from('a\nb\nc\n'))).toThrow('from byte 4 on');
});
