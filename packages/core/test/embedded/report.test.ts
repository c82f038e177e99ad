import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { wait } from '../../src/operations/wait.js';
import { DEFAULT_RESTART } from '../../src/state/app-spec.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  insertBefore,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  replaceIn,
  waitFor,
} from './private-host.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

function buildOptions(policy: 'no' | 'always') {
  const spec = { ...PLAIN_SPEC, restart: { ...DEFAULT_RESTART, policy } };
  return { app: 'web', spec, request: createRequest(), by: BY, settleMs: 100 };
}

test('an app that has ended is not called lost while its end is being recorded', async () => {
  const held = 'until [ -e "$HOME/go" ]; do sleep 0.05; done;';
  const { report } = await host.operate(start, buildOptions('no'), (script) =>
    insertBefore(script, `printf '%-79s\\n' "$kind $value`, held),
  );
  process.kill(report.pid as number, 'SIGKILL');
  await waitFor(() => !isAlive(report.pid as number), 'the app has ended');
  // The failpoint: the supervisor gets on once the first look has found no end.
  const again = '[ $? = 3 ] || return 0';
  const [seen] = await host.operate(status, { apps: ['web'] }, (script) =>
    replaceIn(script, again, `${again}; : >"$HOME/go"`),
  );
  expect(seen?.report).toMatchObject({ state: 'killed', signal: 'KILL' });
});

test('an app that starts while somebody looks is not called restarting', async () => {
  const starting = host.operate(start, buildOptions('always'), (script) =>
    insertBefore(script, '"$stage"\n', '[ "$stage" != launch ] || until [ -e "$HOME/looking" ]; do sleep 0.05; done;'),
  );
  await waitFor(() => existsSync(join(host.appDir('web'), 'run.1.supervisor')), 'it is being launched');
  // The failpoint: when the list of processes is there, the app commits before anything else is read.
  const look =
    'system(": >$HOME/looking; until [ -s $HOME/.local/state/outlast/apps/web/run.1.pid ]; do sleep 0.05; done")';
  const [seen] = await host.operate(status, { apps: ['web'] }, (script) =>
    insertBefore(script, 'return (listed > 1)', `${look};`),
  );
  expect(seen?.report.state).toBe('starting');
  expect(await starting).toMatchObject({ changed: true, report: { state: 'running' } });
});

test('a wait ends soon after its client is gone', async () => {
  await host.start('web', ['sleep', '1000']);
  const { child } = host.launch(wait.build({ app: 'web', seconds: 600 }, { nonce: 'n0nce' }));
  // Its first words have come: only later ones can tell it that nobody listens.
  await once(child.stdout as Readable, 'data');
  child.stdout?.destroy();
  await waitFor(() => host.pids().length === 2, 'only the app and its supervisor are left');
});

test('a wait for an app that does not end is over when its time is', async () => {
  await host.start('web', ['sleep', '1000']);
  expect(await host.operate(wait, { app: 'web', seconds: 1 })).toMatchObject([{ state: 'running' }]);
});
