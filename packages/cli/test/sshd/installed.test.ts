import { readFileSync } from 'node:fs';
import { cp, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { appOf, useLab } from '../program-lab.js';

const lab = useLab(['web1']);
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url));
const PACKAGES = resolve(dirname(MANIFEST), '..');
const { bin, dependencies, version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as {
  bin: { outlast: string };
  dependencies: Record<string, string>;
  version: string;
};

/** As npm does it: a link in a folder of the PATH. */
async function install(name: string): Promise<string> {
  const path = join(lab.laptop.home, name);
  await symlink(resolve(dirname(MANIFEST), bin.outlast), path);
  return path;
}

test('the installed program keeps for itself the flags that node knows, too', async () => {
  const program = await install('outlast');
  await writeFile(join(lab.laptop.home, 'app.env'), 'FROM_FILE=yes\n');
  const flags = ['--json', '-F', lab.laptop.sshConfig, '-H', 'web1', '--settle', '100ms', '--env-file', 'app.env'];
  const { stdout } = await lab.laptop.run([program, 'start', 'app', ...flags, '--', 'sleep', '600']);
  const { pid } = appOf({ document: readDocument('start', stdout) } as Parameters<typeof appOf>[0]);
  expect((await lab.host().run(`tr '\\0' '\\n' </proc/${pid}/environ`)).stdout).toContain('FROM_FILE=yes');
  const missing = await lab.laptop.run([program, 'start', 'app', '-H', 'web1', '--env-file', 'no.env', '--', 'true']);
  expect([missing.exitCode, missing.stderr]).toEqual([2, expect.stringMatching(/^error: .*no\.env/)]);
});

test('the installed program is run by any name, and ends as it ends', async () => {
  const program = await install('-o utlast');
  const { stdout } = await lab.laptop.run([program, '--version']);
  expect(stdout.trim()).toBe(version);
  const failed = await lab.laptop.run([
    program,
    'exec',
    '-F',
    lab.laptop.sshConfig,
    '-H',
    'web1',
    '--',
    'sh',
    '-c',
    'exit 7',
  ]);
  expect(failed.exitCode).toBe(7);
});

/** The files that the manifest says are published, in a folder of their own. */
async function publish(name: string, folder: string): Promise<void> {
  const source = join(PACKAGES, name);
  const { files } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { files: readonly string[] };
  for (const path of ['package.json', ...files.filter((each) => !each.startsWith('!'))])
    await cp(join(source, path), join(folder, path), { recursive: true });
}

const USER = `
import { createRequire } from 'node:module';

const listeners = String(process.eventNames());
const { connect, status } = await import('outlast');
const listSsh2 = () => Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('/ssh2/')).length;
const idle = { ssh2: listSsh2(), isSame: listeners === String(process.eventNames()), timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout') };
const host = await connect('web1', { configFile: process.argv[2] });
const apps = await host.run(status, { apps: ['nobody'] });
await host.close();
console.log(JSON.stringify({ idle, connected: listSsh2() > 0, state: apps[0].report.state }));
`;

test('the installed package can be imported, which loads and starts nothing', async () => {
  const modules = join(lab.laptop.home, 'node_modules');
  await Promise.all([publish('cli', join(modules, 'outlast')), publish('core', join(modules, '@outlast', 'core'))]);
  const others = Object.keys(dependencies).filter((name) => !name.startsWith('@outlast/'));
  for (const name of others) await symlink(join(PACKAGES, 'cli', 'node_modules', name), join(modules, name));
  await writeFile(join(lab.laptop.home, 'user.mjs'), USER);
  const { stdout, stderr } = await lab.laptop.run([process.execPath, 'user.mjs', lab.laptop.sshConfig]);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    idle: { ssh2: 0, isSame: true, timers: [] },
    connected: true,
    state: 'unknown',
  });
});
