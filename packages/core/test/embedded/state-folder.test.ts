import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrivateHost, type PrivateHost } from './private-host.js';

let host: PrivateHost;
let state: string;

beforeEach(async () => {
  host = await createPrivateHost();
  state = join(host.home, '.local/state/outlast');
  mkdirSync(join(state, 'apps'), { recursive: true });
});

afterEach(() => host.close());

const NOBODY = 65_534;

test('a state folder of another user is refused by its path', async (ctx) => {
  if (process.getuid?.() !== 0) return ctx.skip('only root can give a folder away: run it as root');
  chownSync(state, NOBODY, NOBODY);
  await expect(host.start('web', ['sleep', '1000'])).rejects.toMatchObject({
    code: 'E_STATE_DIR',
    message: expect.stringContaining(`${state} belongs to another user`),
  });
  await host.expectNoProcesses();
});

test('a state folder that others can read is closed to them by the next start', async () => {
  for (const path of [state, join(state, 'apps')]) chmodSync(path, 0o755);
  await host.start('web', ['sleep', '1000']);
  for (const path of [state, join(state, 'apps')]) expect(statSync(path).mode & 0o777).toBe(0o700);
});
