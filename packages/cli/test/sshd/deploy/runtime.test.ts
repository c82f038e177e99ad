import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runOrThrow, runProgram } from '@outlast/test-fixtures';
import { describe, expect, test } from 'vitest';
import { createProject, type Project } from '../../deploy-project.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);
const onHost = async (line: string) => (await lab.host().run(line)).stdout;

/** Writes a file into the home of the user on the host. */
const writeHome = (path: string, text: string) =>
  lab
    .host()
    .run(
      `mkdir -p "$(dirname "$HOME/${path}")" && echo ${Buffer.from(text).toString('base64')} | base64 -d >"$HOME/${path}"`,
    );

const SAYS = 'echo "$(command -v tool) says $(tool)"; sleep 1000';
const IDLE_HEALTH = { exec: 'true', steady: '0ms' };

async function createApp(app: string, settings: Readonly<Record<string, unknown>>): Promise<Project> {
  const project = await createProject(lab, app, { run: SAYS, health: IDLE_HEALTH, ...settings });
  await project.write({ file: app });
  return project;
}

const readLog = async (app: string) => onHost(`cat "$XDG_STATE_HOME/outlast/apps/${app}/log"`);

/** A program of that folder of the home that says a word, and passes for an interpreter. */
async function makeTool(folder: string, word: string): Promise<void> {
  for (const name of ['tool', 'python', 'node']) await writeHome(`${folder}/${name}`, `#!/bin/sh\necho ${word}\n`);
  await lab.host().run(`chmod +x "$HOME/${folder}/"*`);
}

describe('an app runs with', () => {
  test('what a login shell exports, whatever else that says', async () => {
    await makeTool('login/bin', 'login');
    const profile = 'echo "touch $HOME/said"; export PATH="$HOME/login/bin:$PATH" ODD="two\nlines \'quoted\'"\n';
    await writeHome('.bash_profile', profile);
    await writeHome('.profile', profile);
    const project = await createApp('login', {
      login_shell: true,
      run: `${SAYS.replace('sleep', 'echo "$ODD"; sleep')}`,
    });
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    expect(await readLog('login')).toMatch(/login\/bin\/tool says login\ntwo\nlines 'quoted'\n$/);
    expect(await onHost('ls "$HOME/said" 2>/dev/null')).toBe('');
    // What was recorded counts for a restart, also where nothing is configured.
    await lab.run(['restart', 'login', '-H', 'web1']);
    expect((await readLog('login')).match(/says login/g)).toHaveLength(2);
  });

  test('a conda environment, without anybody activating it, and also where it was only started', async () => {
    await makeTool('miniconda3/envs/science/bin', 'conda');
    const project = await createApp('conda', { python: 'conda:science', setup: 'tool >made' });
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    expect(await readLog('conda')).toMatch(/miniconda3\/envs\/science\/bin\/tool says conda\n$/);
    expect(await onHost(`cat ${project.deployDir}/current/made`)).toBe('conda\n');
    await makeTool('miniconda3/envs/other/bin', 'other');
    await project.configure({ python: 'conda:other' });
    expect(appOf(await project.ask('deploy')).changed).toBe(true);
    expect(await readLog('conda')).toMatch(/miniconda3\/envs\/other\/bin\/tool says other\n$/);
    const started = await createApp('condastarted', { python: 'conda:science', source: undefined });
    expect(codesOf(await started.ask('start'))).toEqual(['ok']);
    expect(await readLog('condastarted')).toMatch(/says conda\n$/);
  });

  test('the node that nvm names', async () => {
    await makeTool('.nvm/versions/v22/bin', 'nvm');
    // Stands in for nvm itself, which would fetch a node from the net: it knows the words that are used of it.
    const nvm = `nvm() {
      case "$1 $2" in
      use\\ *) [ "$(cat .nvmrc)" = v22 ] ;;
      'which current') echo "$NVM_DIR/versions/v22/bin/node" ;;
      esac
    }`;
    await writeHome('.nvm/nvm.sh', nvm);
    const project = await createApp('nvm', { node: 'nvm' });
    await project.write({ '.nvmrc': 'v22' });
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    expect(await readLog('nvm')).toMatch(/\.nvm\/versions\/v22\/bin\/tool says nvm\n$/);
  });

  test.each([
    ['conda:nowhere', { python: 'conda:nowhere' }, 'no conda environment nowhere'],
    ['nvm', { node: 'nvm', env: {} }, 'no nvm in'],
  ])('%s only where there is one, and what runs is left alone', async (what, settings, reason) => {
    await lab.host().run('rm -rf "$HOME/.nvm"');
    const project = await createApp(`lacking-${what.length}`, { run: ['sleep', '1000'] });
    const { pid } = appOf(await project.ask('deploy'));
    await project.configure(settings);
    await project.write({ file: 'other' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_RUNTIME']);
    expect(told.document.outcomes[0]?.error?.message).toContain(reason);
    expect(appOf(told)).toMatchObject({ pid, state: 'running' });
  });
});

describe('a virtual environment', () => {
  const listEnvironments = async ({ deployDir }: Project) =>
    (await onHost(`ls ${deployDir}/environments`)).split('\n').filter(Boolean);

  test('is made once for its requirements, is found first, and goes when no release needs it', async (context) => {
    const { exitCode } = await runProgram(['/usr/bin/python3', '-c', 'import ensurepip, venv']);
    if (exitCode !== 0) return context.skip('no /usr/bin/python3 with venv on this machine');
    const project = await createApp('venv', {
      python: 'venv',
      keep_releases: 1,
      setup: 'python -c "import sys; print(sys.prefix)" >prefix; command -v python pip',
      run: 'exec python -c "import sys, time; print(sys.prefix, flush=True); time.sleep(1000)"',
      health: { exec: 'python -c "import sys; sys.exit(sys.prefix == sys.base_prefix)"', steady: '0ms' },
    });
    await project.write({ 'requirements.txt': '# nothing yet\n' });
    const first = await project.ask('deploy');
    expect(codesOf(first), JSON.stringify(first.document)).toEqual(['ok']);
    const [made = ''] = await listEnvironments(project);
    const prefix = await onHost(`cat ${project.deployDir}/current/prefix`);
    expect(prefix).toMatch(new RegExp(`/environments/${made}\n$`));
    expect(await readLog('venv')).toBe(prefix);
    expect(await onHost(`cat ${project.deployDir}/records/*.setup.log`)).toMatch(/making a virtual environment/);
    await project.write({ file: 'two' });
    await project.ask('deploy');
    expect(await listEnvironments(project)).toEqual([made]);
    expect(
      await onHost(`cat ${project.deployDir}/records/${appOf(await project.ask('status')).release}.setup.log`),
    ).not.toMatch(/making a virtual environment/);
    for (const requirements of ['# other\n', '# third\n']) {
      await project.write({ 'requirements.txt': requirements });
      expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    }
    const kept = await listEnvironments(project);
    expect(kept).toHaveLength(2);
    expect(kept).not.toContain(made);
    expect(codesOf(await project.ask('rollback'))).toEqual(['ok']);
  });

  test('that cannot be made fails the setup, with what pip said', async (context) => {
    const { exitCode } = await runProgram(['/usr/bin/python3', '-c', 'import ensurepip, venv']);
    if (exitCode !== 0) return context.skip('no /usr/bin/python3 with venv on this machine');
    const project = await createApp('nopip', {
      python: 'venv',
      env: { PIP_INDEX_URL: 'http://127.0.0.1:1/', PIP_RETRIES: '0' },
    });
    await project.write({ 'requirements.txt': 'there-is-no-such-package-4711\n' });
    const told = await project.ask('deploy');
    expect(codesOf(told)).toEqual(['E_SETUP_FAILED']);
    expect(told.document.outcomes[0]?.error?.lastLines?.join('\n')).toContain('there-is-no-such-package-4711');
  });

  test.each([
    ['its lock file', { 'requirements.txt': null }],
    ['its requirements', { 'pyproject.toml': null, 'uv.lock': null }],
  ])('is made by uv of %s, and anew when that changes', async (what, without) => {
    const uv = await installUv();
    for (const profile of ['.bash_profile', '.profile']) await writeHome(profile, `PATH=${dirname(uv)}:$PATH\n`);
    const project = await createApp(`uv-${what.length}`, {
      python: 'uv',
      login_shell: true,
      // A machine may reach PyPI through somebody whose certificate only it knows.
      env: { UV_NATIVE_TLS: 'true', UV_SYSTEM_CERTS: 'true' },
      run: 'exec python -c "import iniconfig, time; print(iniconfig.__file__, flush=True); time.sleep(1000)"',
    });
    const demand = async (version: string) => {
      await project.write({
        'requirements.txt': `iniconfig==${version}\n`,
        'pyproject.toml': `[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.8"\ndependencies = ["iniconfig==${version}"]\n`,
      });
      await runOrThrow([uv, 'lock', '--quiet', '--no-progress'], { cwd: project.source });
      await project.write(without);
    };
    await demand('2.0.0');
    const told = await project.ask('deploy');
    expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
    const [made = ''] = await listEnvironments(project);
    expect(await readLog(project.app)).toMatch(
      new RegExp(`/environments/${made}/lib/python[0-9.]+/site-packages/iniconfig`),
    );
    expect(await onHost(`cat ${project.deployDir}/records/*.setup.log`)).toContain('a virtual environment with uv');
    await demand('1.1.1');
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    expect(await listEnvironments(project)).toHaveLength(2);
  });
});

/** The real uv, of PyPI. */
async function installUv(): Promise<string> {
  const folder = join(lab.laptop.home, 'uv');
  const uv = join(folder, 'bin', 'uv');
  if (existsSync(uv)) return uv;
  await runOrThrow(['/usr/bin/python3', '-m', 'venv', folder]);
  await runOrThrow([join(folder, 'bin', 'pip'), 'install', '--quiet', 'uv']);
  return uv;
}
