import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign, type SeededRandom } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import { status } from '../../../src/operations/status.js';
import { stop } from '../../../src/operations/stop.js';
import { BY, createPrivateHost, isAlive, type PrivateHost, readProc, waitFor } from '../private-host.js';

const WEB = { apps: ['web'], by: BY };

/** What the app makes, again and again; each lives for a while, as a child that a server forks for a job does. */
const CHILDREN = {
  plain: 'sleep 5 &',
  'in a session of its own': 'setsid sleep 5 &',
  'forked twice': '(setsid sh -c "sleep 5 & exec sleep 4" &) &',
  renamed: '"$HOME/renamed) (" 5 &',
  'ignoring TERM': '(trap "" TERM; exec sleep 5) &',
  'ignoring TERM, in a session of its own': '(trap "" TERM; setsid sleep 5) &',
  'without an environment': 'env -i sleep "$nameless" &',
  'that fork again': '(trap "" TERM; i=0; while [ $i -lt 50 ]; do i=$((i + 1)); sleep 0.05; done) &',
} as const;

test(
  'a stop leaves nothing of an app that keeps forking, and everybody else alone',
  { timeout: CAMPAIGN_TIMEOUT_MS },
  () =>
    runCampaign({ name: 'fork-churn', rounds: 60 }, async (round) => {
      const host = await createPrivateHost();
      const bystanders = startBystanders(host);
      try {
        await play(host, round, bystanders);
      } finally {
        for (const bystander of bystanders) bystander.kill('SIGKILL');
        await host.close();
      }
    }),
);

/** Processes of the same user, from the same program, in groups of their own and in this one's. */
function startBystanders(host: PrivateHost): ChildProcess[] {
  const env = { PATH: host.env.PATH ?? '' };
  return [true, false].map((detached) => spawn('sleep', ['100000'], { stdio: 'ignore', detached, env }));
}

async function play(host: PrivateHost, { random, step, count }: Round, bystanders: readonly ChildProcess[]) {
  const kinds = (Object.keys(CHILDREN) as (keyof typeof CHILDREN)[]).filter(() => random.chance(0.5));
  const stubborn = random.chance(0.5);
  // What has no environment is told by its argv.
  const nameless = `5.${process.pid}${Math.round(performance.now())}`;
  writeChurn(host, { nameless, lines: kinds.map((kind) => CHILDREN[kind]), stubborn, random });
  step(`an app that ${stubborn ? 'ignores TERM and ' : ''}forks children ${kinds.join(', ') || 'of no kind'}`);
  await host.start('web', ['/bin/sh', join(host.home, 'churn')]);
  const busy = random.integer(1, 40);
  await waitFor(() => findAll(host, nameless).length > Math.min(busy, kinds.length * 8), 'it has forked');
  count('processes when the stop began', findAll(host, nameless).length);
  const graceMs = random.pick([0, 300, 1000]);
  step(`stop with a grace period of ${graceMs} ms`);
  const [stopped] = await host.operate(stop, { ...WEB, graceMs });
  const left = describe(findAll(host, nameless));
  // What is left has to be said, and nothing else may be said where nothing is.
  if (stopped?.error === undefined) expect(left).toEqual([]);
  else expect(stopped.error).toMatchObject({ code: 'E_STOP_FAILED' });
  count(stopped?.error === undefined ? 'stops after which nothing was left' : 'stops that said what was left');
  expect((await host.operate(status, WEB))[0]?.report.pid).toBe(null);
  for (const { pid } of bystanders) expect(isAlive(pid as number)).toBe(true);
  count('bystanders that went on', bystanders.length);
}

/** Every process of the app: by its home, or by the argv of those that have no environment. */
function findAll(host: PrivateHost, nameless: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const hidden = all.map(Number).filter((pid) => readProc(pid, 'cmdline') === `sleep\0${nameless}\0` && isAlive(pid));
  return [...host.pids(), ...hidden];
}

function describe(pids: readonly number[]): string[] {
  return pids.map((pid) => `${pid} ${readProc(pid, 'cmdline').replaceAll('\0', ' ')}`);
}

function writeChurn(
  host: PrivateHost,
  {
    nameless,
    lines,
    stubborn,
    random,
  }: { nameless: string; lines: readonly string[]; stubborn: boolean; random: SeededRandom },
): void {
  mkdirSync(join(host.home, 'bin'), { recursive: true });
  writeFileSync(
    join(host.home, 'churn'),
    `${stubborn ? 'trap "" TERM' : ':'}
nameless=${nameless}
cp "$(command -v sleep)" "$HOME/renamed) ("
while :; do
  ${lines.join('\n  ')}
  sleep 0.${random.integer(1, 3)}
done
`,
  );
}
