import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { appOf, useLab } from '../program-lab.js';

const lab = useLab(['web1']);
const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url));
const { bin, version } = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { bin: { outlast: string }; version: string };

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
