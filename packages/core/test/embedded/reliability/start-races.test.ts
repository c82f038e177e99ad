import { CAMPAIGN_TIMEOUT_MS, type Round, runCampaign, type SeededRandom } from '@outlast/test-fixtures';
import { expect, test } from 'vitest';
import type { AppResult } from '../../../src/operations/operation.js';
import { remove } from '../../../src/operations/remove.js';
import { start } from '../../../src/operations/start.js';
import { stop } from '../../../src/operations/stop.js';
import { readReply } from '../../read-reply.js';
import { BY, createPrivateHost, createRequest, insertBefore, PLAIN_SPEC, type PrivateHost } from '../private-host.js';
import { checkTruth, findProcesses } from './truth.js';

const APP = { app: 'web', spec: PLAIN_SPEC, by: BY, settleMs: 0 };
const KILL_LAUNCHER = 'read -r doomed rest <"$record_path"; kill -KILL "$doomed";';

/** Where launchers die: all after having the lock, since before it there is nothing to repair. */
const FAILPOINTS: readonly ((script: string) => string)[] = [
  (script) => insertBefore(script, '(: >"$record_path.settling")', 'kill -KILL $$;'),
  (script) => insertBefore(script, 'log_starts=$(print_log_sizes)', 'kill -KILL $$;'),
  (script) => insertBefore(script, 'if ! await_commit', 'kill -KILL $$;'),
  // In the last stage before the app, right before it commits: the launcher that it came from is gone.
  (script) => insertBefore(script, 'ln "$record_path.pid.$$"', KILL_LAUNCHER),
  (script) =>
    insertBefore(script, 'if ! await_commit', 'until [ -e "$record_path.pid" ]; do nap; done; kill -KILL $$;'),
];

/** How long the next start may take to repair what dead launchers left: it waits for nobody. */
const REPAIR_MS = 10_000;

test('clients that race for a start make one process, whoever of them dies', { timeout: CAMPAIGN_TIMEOUT_MS }, () =>
  runCampaign({ name: 'start-races', rounds: 34 }, async (round) => {
    const host = await createPrivateHost();
    try {
      await race(host, round);
      await repair(host, round);
    } finally {
      await host.close();
    }
  }),
);

async function race(host: PrivateHost, { random, step, count }: Round): Promise<void> {
  const clients = random.integer(2, 60);
  // Mostly many: who comes after one that died is the next that may.
  const deaths = 0.9 * random.next() ** 0.25;
  step(`${clients} clients at once, ${Math.round(deaths * 100)} % of them to die with the lock in hand`);
  const answers = await Promise.all(Array.from({ length: clients }, () => startOrDie(host, spoil(random, deaths))));
  const survivors = answers.filter((answer) => answer !== undefined);
  count('clients', clients);
  count('killed with the lock in hand', clients - survivors.length);
  const report = await checkTruth(host, 'web', PLAIN_SPEC.argv);
  const failed = survivors.filter(({ error }) => error !== undefined);
  // Who came after one that was still at it has waited as long as a start may take.
  for (const { error } of failed) expect(error?.message).toContain('another start is still under way');
  count('told that another start is under way', failed.length);
  const started = survivors.filter(({ error }) => error === undefined);
  if (started.length > 0) expect(new Set(started.map((answer) => answer.report.pid))).toEqual(new Set([report.pid]));
  expect(started.filter(({ changed }) => changed).length).toBeLessThanOrEqual(1);
  count('told the pid of the one process', started.length);
}

/** The change that one client's script gets: a pause that widens the race, and perhaps a death. */
function spoil(random: SeededRandom, deaths: number): (script: string) => string {
  const pause = `sleep 0.0${random.integer(0, 9)};`;
  const failpoint = random.chance(deaths) ? pickFailpoint(random) : (script: string) => script;
  return (script) => failpoint(insertBefore(script, 'ln "$app_dir/claim.$$"', pause));
}

/** The last one ends the race, since the app runs by then: it comes less often. */
function pickFailpoint(random: SeededRandom): (script: string) => string {
  return random.pick(random.chance(0.9) ? FAILPOINTS.slice(0, -1) : FAILPOINTS);
}

/** Starts the app; undefined when the launcher was killed. */
async function startOrDie(host: PrivateHost, change: (script: string) => string): Promise<AppResult | undefined> {
  const options = { ...APP, request: createRequest() };
  const { child, output } = host.launch(change(start.build(options, { nonce: 'n0nce' })));
  const bytes = await output;
  return child.signalCode === 'SIGKILL' ? undefined : start.parse(readReply(bytes, 'n0nce'), options);
}

async function repair(host: PrivateHost, { step, count }: Round): Promise<void> {
  step('the next start');
  const before = findProcesses(host, PLAIN_SPEC.argv);
  const begun = performance.now();
  const next = await host.operate(start, { ...APP, request: createRequest() });
  expect(performance.now() - begun).toBeLessThan(REPAIR_MS);
  expect(next.error).toBeUndefined();
  expect(next.changed).toBe(before.length === 0);
  expect((await checkTruth(host, 'web', PLAIN_SPEC.argv)).state).toBe('running');
  if (next.changed) count('nobody survived: started by the next');
  step('stop and rm');
  const [stopped] = await host.operate(stop, { apps: ['web'], by: BY });
  expect(stopped).toMatchObject({ changed: true, report: { state: 'stopped' } });
  const [removed] = await host.operate(remove, { apps: ['web'] });
  expect(removed).toMatchObject({ changed: true });
  await host.expectNoProcesses();
}
