import { describe, expect, test } from 'vitest';
import { FleetRun } from './fleet-run.js';
import type { FleetOutcome } from './outcome.js';

const OUTCOMES = ['web1', 'web2', 'web3'].map(
  (host): FleetOutcome<number> => ({ host, ok: true, value: 1, error: undefined, reached: true }),
);

function runAll(): FleetRun<number> {
  return new FleetRun(async ({ onOutcome }) => {
    for (const outcome of OUTCOMES) await onOutcome(outcome);
    return OUTCOMES;
  });
}

async function listHosts(run: FleetRun<number>): Promise<string[]> {
  const hosts: string[] = [];
  for await (const { host } of run) hosts.push(host);
  return hosts;
}

describe('a loop over a run', () => {
  test('is given every outcome', async () => {
    expect(await listHosts(runAll())).toEqual(['web1', 'web2', 'web3']);
  });

  test('is given the outcomes that were known before it began', async () => {
    const run = runAll();
    await run;
    expect(await listHosts(run)).toEqual(['web1', 'web2', 'web3']);
  });
});
