import { spawnSync } from 'node:child_process';
import { startProcessSshd, type TestHost } from '@outlast/test-fixtures';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProject, SERVED, SERVER } from '../../deploy-project.js';
import { addLaptop, codesOf } from '../../program-lab.js';

/** In a mount namespace of each session the programs that could ask for a page are no files. */
const HIDE = 'for p in curl wget python3 bash; do ! [ -e /usr/bin/$p ] || mount --bind /dev/null /usr/bin/$p; done';
const BARE_SESSION = `unshare -m /bin/sh -c '${HIDE}; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'`;

let bare: TestHost | undefined;
let missing: string | undefined;

beforeAll(async () => {
  const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', HIDE], { encoding: 'utf8' });
  if (status === 0) bare = await startProcessSshd({ alias: 'web1', config: [`ForceCommand ${BARE_SESSION}`] });
  else missing = `nothing can be hidden here, run it as root: ${stderr.trim()}`;
});

afterAll(() => bare?.stop());

const HEALTH = { ...SERVED.health, body: '^one$' };

test('a host with nothing to ask for a page with asks over the connection, for a rollback too', async (context) => {
  if (bare === undefined) return context.skip(missing);
  const laptop = await addLaptop([bare]);
  const look = 'for each in curl wget python3 bash; do command -v $each; done; true';
  expect((await laptop.outlast(['exec', '-H', 'web1', '--', 'sh', '-c', look])).stdout).toBe('');
  const project = await createProject({ laptop }, 'bare', { ...SERVED, health: HEALTH });
  await project.write({ 'server.mjs': SERVER, 'page.html': 'one\n' });
  const told = await project.ask('deploy');
  expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
  const again = await project.ask('deploy', '--force', '--transport', 'openssh');
  expect(codesOf(again), JSON.stringify(again.document)).toEqual(['ok']);
  // Slower than a moment, and still within what a probe may take.
  await project.write({
    'server.mjs': SERVER.replace('response.end(page)', 'setTimeout(() => response.end(page), 2500)'),
  });
  const slow = await project.ask('deploy');
  expect(codesOf(slow), JSON.stringify(slow.document)).toEqual(['ok']);
  const back = await project.ask('rollback');
  expect(codesOf(back), JSON.stringify(back.document)).toEqual(['ok']);
  const asked = async (settings: Readonly<Record<string, unknown>>) => {
    await project.configure(settings);
    const { document } = await project.ask('deploy', '--force');
    return document.outcomes[0]?.error?.message;
  };
  expect(await asked({ health: { ...HEALTH, body: '^two$', within: '300ms' } })).toBe(
    'it is not healthy: / does not show what it shall',
  );
  expect(await asked({ health: { ...HEALTH, http: '/missing', within: '300ms' } })).toBe(
    'it is not healthy: /missing answers 404',
  );
  expect(await asked({ run: ['sleep', '1000'], port: 1, health: { http: '/', within: '300ms' } })).toBe(
    'it is not healthy: no answer on port 1 to a client that asked over the connection, for want of curl, wget, python3 and bash on the host',
  );
});
