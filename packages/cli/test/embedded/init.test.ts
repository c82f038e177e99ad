import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Laptop, waitFor } from '@outlast/test-fixtures';
import { expect, type TestContext, test } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { drawScreen } from '../terminal-screen.js';

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

async function makeProject(context: TestContext) {
  const laptop = await addLaptop([]);
  if ((await laptop.run(['script', '--version'])).exitCode !== 0) context.skip('no `script` of util-linux');
  const folder = join(laptop.home, 'project');
  await mkdir(folder);
  const path = join(folder, 'outlast.yaml');
  return { laptop, folder, path, read: () => readFile(path, 'utf8').catch(() => undefined) };
}

/** Runs `init` on a terminal and answers each question as soon as it is there. */
async function converse(
  { laptop, folder }: { laptop: Laptop; folder: string },
  flags: readonly string[],
  answers: readonly (readonly [question: string, answer: string])[],
) {
  const line = `cd ${quote(folder)} && ${[...laptop.argvOf([]), 'init', ...flags].map(quote).join(' ')}`;
  const argv = ['script', '-qec', `stty rows 24 cols 120; ${line}`, '/dev/null'];
  const client = laptop.spawn(argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  client.stdout?.on('data', (chunk) => {
    said += String(chunk);
  });
  const ended = new Promise((resolve) => client.once('close', resolve));
  let seen = 0;
  for (const [question, answer] of answers) {
    await waitFor(() => said.indexOf(question, seen) >= 0, { what: question, evidence: () => said });
    seen = said.indexOf(question, seen) + question.length;
    client.stdin?.write(answer);
  }
  return { exitCode: await ended, screen: drawScreen(said).join('\n') };
}

test('on a terminal it asks, asks again for what is refused, and takes what is shown for an empty answer', async (context) => {
  const project = await makeProject(context);
  const { exitCode, screen } = await converse(
    project,
    [],
    [
      ['Hosts', 'bad host\r'],
      ['"bad host" is not a host', ''],
      ['Hosts', 'deploy@web[1-2]\r'],
      ['Name of the app? [dashboard]', 'api\r'],
      ['shell line', './serve --port {port}\r'],
      ['port? [8501]', '\r'],
    ],
  );
  expect(exitCode, screen).toBe(0);
  expect(screen).toMatch(/Wrote .*outlast\.yaml\. Next: .*outlast hosts/);
  const text = await project.read();
  expect(text).toMatch(/^# yaml-language-server: \$schema=https:\/\/unpkg\.com\/outlast@[0-9.]+\/schema\//);
  expect(text).toContain('    run: "./serve --port {port}"');
  expect(text).toContain('    port: 8501');
  const { stdout } = await project.laptop.outlast(['hosts', '-a'], { cwd: project.folder });
  expect(stdout).toMatch(/^web1 +web1 .*\nweb2 +web2 /m);

  const kept = await converse(project, [], [...Array(4).fill(['? [', '\r']), ['Replace it?', 'no\r']]);
  expect(kept.exitCode, kept.screen).toBe(2);
  expect(await project.read()).toBe(text);
});

test('Ctrl-C at a question writes nothing', async (context) => {
  const project = await makeProject(context);
  const { exitCode, screen } = await converse(
    project,
    [],
    [
      ['Hosts', '\r'],
      ['Name of the app', '\u0003'],
    ],
  );
  expect(exitCode, screen).toBe(130);
  expect(await project.read()).toBeUndefined();
});

test.each([
  ['with flags that answer', ['--app', 'api', '--port', '80'], '  "api":'],
  ['with --yes', ['--yes'], '  dashboard:'],
])('%s nothing is asked on a terminal', async (_what, flags, expected) => {
  const laptop = await addLaptop([]);
  const folder = join(laptop.home, 'project');
  await mkdir(folder);
  const path = join(folder, 'outlast.yaml');
  const { exitCode, screen } = await converse({ laptop, folder }, flags, []);
  expect(exitCode, screen).toBe(0);
  expect(screen).not.toContain('?');
  expect(await readFile(path, 'utf8')).toContain(expected);
});

test('off a terminal nothing is asked', async (context) => {
  const { laptop, folder, path, read } = await makeProject(context);
  const init = (...flags: string[]) => laptop.run([...laptop.argvOf([]), 'init', ...flags], { cwd: folder });
  expect((await init('--app', 'Bad')).exitCode).toBe(2);
  expect((await init('--run', ' ')).exitCode).toBe(2);
  expect(await read()).toBeUndefined();
  expect(await init()).toMatchObject({ exitCode: 0, stdout: '' });
  expect(await read()).toContain('dashboard:');
  await writeFile(join(folder, 'app.py'), 'import streamlit as st\n');
  const hint = /^This folder holds a Streamlit app, app\.py\. .*: outlast init --streamlit --force$/m;
  expect((await init('--force')).stderr).toMatch(hint);
  const line = 'outlast init --streamlit --force -H web1,web2 --app api\n';
  expect((await init('--force', '-H', 'web[1-2]', '--app', 'api')).stderr).toContain(line);
  const rules = join(folder, '.outlastignore');
  expect((await init('--streamlit', '--force')).stderr).toContain(`Wrote ${rules}, for what is not to be uploaded.\n`);
  expect(await readFile(rules, 'utf8')).toMatch(/^\.venv\/$/m);
  await writeFile(rules, '# mine\n');
  expect((await init('--streamlit', '--force')).stderr).not.toContain('.outlastignore');
  expect(await readFile(rules, 'utf8')).toBe('# mine\n');
  await writeFile(path, '# mine\n');
  expect((await init('-y')).stderr).toMatch(/--force/);
  expect(await read()).toBe('# mine\n');
});
