import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort, type Laptop } from '@outlast/test-fixtures';
import { beforeAll, describe, expect, test } from 'vitest';
import { addLaptop, shell, useLab } from '../program-lab.js';
import { maskVolatile } from './mask-volatile.js';
import { runWorkflow } from './workflow-runner.js';

const DOCS = fileURLToPath(new URL('../../../../docs/', import.meta.url));
const BLOCKS = [...readFileSync(join(DOCS, 'sharding.md'), 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(
  ([, lines = '']) => lines,
);

const lab = useLab(['web1', 'web2', 'web3'], { kind: 'embedded' });
let configuration = '';
beforeAll(async () => {
  const dead = `{ address: 127.0.0.1, port: ${await findFreePort()} }`;
  configuration = `hosts:\n  web1:\n  web2:\n  dead: ${dead}\n  web3:\n`;
  await lab.run(['start', 'dashboard', '-H', 'web1,web3', '--settle', '100ms', ...shell('exec sleep 600')]);
});

/** Puts `outlast` on PATH, which finds the hosts of the lab as a user's finds those of `~/.ssh/config`; `npm` installs nothing. */
async function installPrograms({ home, sshConfig, argvOf }: Laptop): Promise<NodeJS.ProcessEnv> {
  const bin = join(home, 'bin');
  await mkdir(bin, { recursive: true });
  const program = argvOf([])
    .map((word) => `'${word}'`)
    .join(' ');
  const outlast = `verb=$1; shift\n[ "$verb" = merge ] || set -- -F '${sshConfig}' "$@"\nexec ${program} "$verb" "$@"`;
  await writeFile(join(bin, 'outlast'), `#!/bin/sh\n${outlast}\n`, { mode: 0o755 });
  await writeFile(join(bin, 'npm'), '#!/bin/sh\n[ "$*" = "install --global outlast" ]\n', { mode: 0o755 });
  return { PATH: `${bin}:${lab.laptop.env.PATH}` };
}

/** The first command line that has a shard, without it. */
function findWhole(text: string): string {
  const [line = ''] = /outlast .* --shard .*?(?= '?>)/.exec(text) ?? [];
  return line.replace(/ --shard .*?(?= --json)/, '');
}

const addCleanLaptop = () => addLaptop(['web1', 'web2', 'web3'].map((alias) => lab.host(alias)));

describe('docs/sharding.md', () => {
  test('shows two ways', () => {
    expect(BLOCKS.map((block) => block.includes('parallel '))).toEqual([false, true]);
  });

  test.for(BLOCKS)('its lines do what they say: %s', async (block, context) => {
    const needsParallel = block.includes('parallel ');
    // There is another program of that name, which knows no such flag.
    const isMissing = needsParallel && spawnSync('parallel', ['--minversion', '20130222']).status !== 0;
    context.skip(isMissing, 'GNU parallel is not installed; on Debian: apt-get install parallel');
    const laptop = await addCleanLaptop();
    const env = await installPrograms(laptop);
    await writeFile(join(laptop.home, 'outlast.yaml'), configuration);
    const [merged, whole] = [
      await laptop.run(['sh', '-c', block], { env }),
      await laptop.run(['sh', '-c', findWhole(block)], { env }),
    ];
    expect(findWhole(block)).toMatch(/^outlast (exec|status) --all --json/);
    expect(whole.exitCode, whole.stderr).toBe(1);
    expect([maskVolatile(merged.stdout), merged.exitCode]).toEqual([maskVolatile(whole.stdout), whole.exitCode]);
  });
});

describe('docs/ci-matrix.yml', () => {
  test('ends as the run without shards, with its document', async () => {
    const laptop = await addCleanLaptop();
    const env = await installPrograms(laptop);
    const repository = join(laptop.home, 'repository');
    await mkdir(repository);
    await writeFile(join(repository, 'outlast.yaml'), configuration);
    const secrets = {
      FLEET_SSH_KEY: lab.host().clientKey.privateKey,
      FLEET_KNOWN_HOSTS: await readFile(laptop.knownHosts, 'utf8'),
    };
    // What the workflow does not write itself is not there.
    for (const file of await readdir(dirname(laptop.sshConfig)))
      if (file !== basename(laptop.sshConfig)) await rm(join(dirname(laptop.sshConfig), file));
    const ends = await runWorkflow(join(DOCS, 'ci-matrix.yml'), { laptop, repository, secrets, env });
    expect(ends.map(({ name }) => name)).toEqual(['shard-1', 'shard-2', 'shard-3', 'shard-4', 'merge']);
    const whole = await laptop.run(['bash', '-c', findWhole(readFileSync(join(DOCS, 'ci-matrix.yml'), 'utf8'))], {
      env,
      cwd: repository,
    });
    expect(whole.exitCode, whole.stderr).toBe(1);
    const codes = ends.map(({ results }) => results.map(({ exitCode }) => exitCode));
    expect(codes).toEqual([...Array.from({ length: 4 }, () => [0, 0, 0]), [0, whole.exitCode]]);
    expect(ends[2]?.results[2]?.stdout).toBe('this shard ended with 4: its document says why\n');
    const merged = await readFile(join(ends[4]?.folder ?? '', 'fleet.json'), 'utf8');
    expect(maskVolatile(merged)).toBe(maskVolatile(whole.stdout));
  });
});
