import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { start } from '../../src/operations/start.js';
import { status } from '../../src/operations/status.js';
import { stop } from '../../src/operations/stop.js';
import { readReply } from '../read-reply.js';
import {
  BY,
  createPrivateHost,
  createRequest,
  isAlive,
  PLAIN_SPEC,
  type PrivateHost,
  readEnviron,
} from './private-host.js';
import { findShell } from './shells.js';

let host: PrivateHost;

beforeEach(async () => {
  host = await createPrivateHost();
});

afterEach(() => host.close());

const NONCE = 'n0nce';

test('a login that becomes zsh does not change what a script does', async (ctx) => {
  const zsh = findShell('zsh');
  if (zsh === undefined) return ctx.skip('zsh is not installed');
  await host.start('one', ['sleep', '1000']);
  await host.start('two', ['sleep', '1000']);
  // By its own name: as sh it would behave by itself.
  const options = { input: status.build({ apps: [] }, { nonce: NONCE }), env: host.env, encoding: 'utf8' } as const;
  const seen = status.parse(readReply(spawnSync(zsh, ['-f', '-s'], options).stdout, NONCE), { apps: [] });
  expect(seen.map(({ report }) => [report.app, report.state])).toEqual([
    ['one', 'running'],
    ['two', 'running'],
  ]);
});

test('an app that another app has started is no part of it', async () => {
  const web = await host.start('web', ['sleep', '1000']);
  const { OUTLAST_RUN = '' } = readEnviron(web.report.pid as number);
  const options = { app: 'other', spec: PLAIN_SPEC, request: createRequest(), by: BY, settleMs: 100 };
  const other = await host.operate(start, options, (script) => `export OUTLAST_RUN=${OUTLAST_RUN}\n${script}`);
  expect(await host.operate(stop, { apps: ['web'], by: BY })).toMatchObject([{ changed: true }]);
  expect(isAlive(other.report.pid as number)).toBe(true);
});
