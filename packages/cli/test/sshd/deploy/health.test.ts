import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Laptop, startProcessSshd, type TestHost } from '@outlast/test-fixtures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject, type Project, SERVED, SERVER } from '../../deploy-project.js';
import { addLaptop, codesOf } from '../../program-lab.js';

/** What can ask for a page. */
const ASKERS = ['curl', 'wget', 'python3', 'bash'];

/** In a mount namespace of each session, those that the file names are no files. */
const buildHiding = (file: string) =>
  `for p in $(cat ${file}); do ! [ -e /usr/bin/$p ] || mount --bind /dev/null /usr/bin/$p; done`;

let host: TestHost | undefined;
let hidden = '';
let missing: string | undefined;

beforeAll(async () => {
  hidden = join(await mkdtemp(join(tmpdir(), 'outlast-askers-')), 'hidden');
  await hide(...ASKERS);
  const { status, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', buildHiding(hidden)], { encoding: 'utf8' });
  const session = `unshare -m /bin/sh -c '${buildHiding(hidden)}; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'`;
  if (status === 0) host = await startProcessSshd({ alias: 'web1', config: [`ForceCommand ${session}`] });
  else missing = `nothing can be hidden here, run it as root: ${stderr.trim()}`;
});

afterAll(async () => {
  await host?.stop();
  await rm(dirname(hidden), { recursive: true });
});

function hide(...names: readonly string[]): Promise<void> {
  return writeFile(hidden, names.join('\n'));
}

async function listAskers(laptop: Laptop): Promise<string> {
  const look = `for each in ${ASKERS.join(' ')}; do command -v $each; done; true`;
  return (await laptop.outlast(['exec', '-H', 'web1', '--', 'sh', '-c', look])).stdout;
}

const HEALTH = { ...SERVED.health, body: '^one$' };

/** Sends on whoever asks for /moved. */
const MOVING = SERVER.replace(
  'response.end',
  "if (request.url === '/moved') response.writeHead(302, { location: '/' });\n  response.end",
);

describe.each(ASKERS)('a host that has nothing but %s', (asker) => {
  test('asks for a page by it', async (context) => {
    if (host === undefined) return context.skip(missing);
    const laptop = await addLaptop([host]);
    await hide(...ASKERS.filter((each) => each !== asker));
    const found = await listAskers(laptop);
    if (found === '') return context.skip(`no ${asker} is here`);
    expect(found.trim()).toMatch(new RegExp(`^/\\S*${asker}$`));
    const project = await createProject({ laptop }, `by-${asker}`, { ...SERVED, health: HEALTH });
    await project.write({ 'server.mjs': MOVING, 'page.html': 'one\n' });
    const told = await project.ask('deploy');
    expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
    const asked = askWith(project);
    expect(await asked({ ...HEALTH, body: '^two$' })).toBe('it is not healthy: / does not show what it shall: one');
    expect(await asked({ ...HEALTH, http: '/moved', status: 200 })).toMatch(/^it is not healthy: \/moved answers 302/);
    expect(await asked({ ...HEALTH, http: '/missing' })).toMatch(/^it is not healthy: \/missing answers 404/);
    await project.configure({ run: ['sleep', '1000'], port: 1 });
    expect(await asked(HEALTH)).toBe('it is not healthy: no answer on port 1');
  });
});

/** What is said of a release that is not healthy by these settings. */
function askWith(project: Project): (health: Readonly<Record<string, unknown>>) => Promise<string | undefined> {
  return async (health) => {
    await project.configure({ health: { ...health, within: '300ms' } });
    const { document } = await project.ask('deploy', '--force');
    return document.outcomes[0]?.error?.message;
  };
}

test('a host with nothing to ask for a page with asks over the connection, for a rollback too', async (context) => {
  if (host === undefined) return context.skip(missing);
  const laptop = await addLaptop([host]);
  await hide(...ASKERS);
  expect(await listAskers(laptop)).toBe('');
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
  const asked = askWith(project);
  expect(await asked({ ...HEALTH, body: '^two$' })).toBe('it is not healthy: / does not show what it shall: one');
  expect(await asked({ ...HEALTH, http: '/missing' })).toBe('it is not healthy: /missing answers 404: one');
  await project.configure({ run: ['sleep', '1000'], port: 1 });
  expect(await asked(HEALTH)).toBe(
    'it is not healthy: no answer on port 1 to a client that asked over the connection, for want of curl, wget, python3 and bash on the host',
  );
});
