import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import type { AppResult, Operation } from '../../../src/operations/operation.js';
import { remove } from '../../../src/operations/remove.js';
import { restart } from '../../../src/operations/restart.js';
import { signal } from '../../../src/operations/signal.js';
import { start } from '../../../src/operations/start.js';
import { stop } from '../../../src/operations/stop.js';
import { BY, createPrivateHost, createRequest, insertBefore, PLAIN_SPEC, type PrivateHost } from '../private-host.js';
import { findShell } from '../shells.js';
import { checkTruth } from './truth.js';

const WEB = { apps: ['web'], by: BY };

/** What is killed, and where the trap that does it goes: every statement from there on is one step. */
const PLACES = {
  script: 'operation() {',
  supervisor: 'supervise() {',
  'last stage': 'launch() {',
} as const;
/** About as many statements as each of them has. */
const STEPS = { script: 600, supervisor: 60, 'last stage': 30 } as const;

const BUILDERS = {
  start: () => ask(start, buildStart()),
  restart: () => ask(restart, { ...buildStart(), graceMs: 1000 }),
  stop: () => ask(stop, { ...WEB, graceMs: 1000 }),
  'signal HUP': () => ask(signal, { ...WEB, signal: 'HUP', scope: 'tree' }),
  rm: () => ask(remove, WEB),
} as const;
type Verb = keyof typeof BUILDERS;
const STARTING: readonly Verb[] = ['start', 'restart'];

test('a script that is killed at any statement leaves the old or the new state', {
  timeout: CAMPAIGN_TIMEOUT_MS,
}, async ({ skip }) => {
  const bash = findShell('bash');
  if (bash === undefined) return skip('no bash, whose DEBUG trap is what kills at any statement: apt-get install bash');
  await runCampaign({ name: 'killed-scripts', rounds: 300 }, async (round) => {
    const host = await createPrivateHost(bash);
    try {
      await play(host, round);
    } finally {
      await host.close();
    }
  });
});

async function play(host: PrivateHost, { random, step, count }: Round): Promise<void> {
  const past = random.pick(['nothing', 'running', 'stopped'] as const);
  if (past !== 'nothing') await host.operate(start, buildStart());
  if (past === 'stopped') await host.operate(stop, WEB);
  const verb = random.pick(Object.keys(BUILDERS) as Verb[]);
  const place = STARTING.includes(verb) ? random.pick(Object.keys(PLACES) as (keyof typeof PLACES)[]) : 'script';
  const at = random.integer(1, STEPS[place]);
  const whole = random.chance(0.5);
  step(
    `${past} before; ${verb}, whose ${place}${whole ? ' is killed with all its children' : ' is killed'} at statement ${at}`,
  );
  const { child, output } = host.launch(insertBefore(BUILDERS[verb](), PLACES[place], buildTrap(at, whole)));
  await output;
  if (child.signalCode === 'SIGKILL') count('scripts killed on their way');
  if (place !== 'script') count(`starts whose ${place} was to be killed`);
  const before = await checkTruth(host, 'web', PLAIN_SPEC.argv);
  count('states compared with /proc');
  if (verb === 'signal HUP' || verb === 'rm') expect(before.pid === null).toBe(past !== 'running');
  await repair(host, { step, count }, before.pid);
}

async function repair(
  host: PrivateHost,
  { step, count }: Pick<Round, 'step' | 'count'>,
  pid: number | null,
): Promise<void> {
  step(`start, with ${pid === null ? 'nothing' : `pid ${pid}`} there`);
  const next = await host.operate(start, buildStart());
  expect(next.error).toBeUndefined();
  expect(next.changed).toBe(pid === null);
  expect((await checkTruth(host, 'web', PLAIN_SPEC.argv)).state).toBe('running');
  step('stop');
  const [stopped] = await host.operate(stop, WEB);
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped', pid: null } });
  await host.expectNoProcesses();
  count('repaired by the next start and stop');
}

/** A line of bash that kills the shell, or its group, at the n-th statement that it or a subshell of it is about to run. */
function buildTrap(at: number, whole: boolean): string {
  const victim = whole ? '-- -"$(ps -o pgid= -p $$ | tr -d " ")"' : '"$BASHPID"';
  return `set -o functrace; at=0; trap '[ $((at += 1)) != ${at} ] || kill -s KILL ${victim}' DEBUG\n`;
}

function ask<Options>(operation: Operation<Options, AppResult | readonly AppResult[]>, options: Options): string {
  return operation.build(options, { nonce: 'n0nce' });
}

function buildStart() {
  return { app: 'web', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 0 };
}
