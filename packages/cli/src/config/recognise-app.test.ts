import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { buildInitTemplate } from './init-template.js';
import { loadConfig } from './load-config.js';
import { recogniseApp } from './recognise-app.js';

async function makeFolder(files: Readonly<Record<string, string>>, name = 'My Dashboard!'): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'outlast-app-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const folder = join(base, name);
  await mkdir(folder);
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return folder;
}

const CASES: readonly [what: string, files: Record<string, string>, expected: object][] = [
  [
    'a Streamlit app',
    { 'app.py': 'import os\nimport streamlit as st\n', 'requirements.txt': 'streamlit\n' },
    {
      kind: 'streamlit',
      entry: 'app.py',
      run: 'exec streamlit run app.py --server.port {port} --server.address 127.0.0.1',
      needsPython: true,
    },
  ],
  [
    'a Streamlit app beside other scripts',
    { 'main.py': 'print(1)', 'Home.py': 'from streamlit import title\n', 'server.py': 'app = FastAPI()' },
    { kind: 'streamlit', entry: 'Home.py', needsPython: false },
  ],
  [
    'a Streamlit app by a name of its own',
    { 'stock_viewer.py': 'import streamlit as st\n', 'a b.py': 'import streamlit', 'util.py': '' },
    { kind: 'streamlit', entry: 'stock_viewer.py' },
  ],
  ['scripts of which none says that it begins', { 'one.py': '', 'two.py': '' }, { kind: 'unknown', entry: null }],
  [
    'a FastAPI app whose variable has a type',
    { 'api.py': 'app: FastAPI = FastAPI()' },
    { kind: 'fastapi', run: 'exec uvicorn api:app --host 127.0.0.1 --port {port}' },
  ],
  [
    'a Gradio app',
    { 'app.py': 'import gradio as gr\ngr.Interface().launch()' },
    { kind: 'gradio', run: 'GRADIO_SERVER_NAME=127.0.0.1 GRADIO_SERVER_PORT={port} exec python3 -u app.py' },
  ],
  [
    'a FastAPI app, by the name of its variable',
    { 'main.py': 'from fastapi import FastAPI\n\napi = FastAPI(title="x")\n', 'pyproject.toml': '', 'uv.lock': '' },
    { kind: 'fastapi', run: 'exec uvicorn main:api --host 127.0.0.1 --port {port}', needsPython: true },
  ],
  [
    'a Node app with a script and a lock file',
    { 'package.json': '{"scripts":{"start":"node index.js"}}', 'package-lock.json': '{}', '.nvmrc': '22' },
    {
      kind: 'node',
      run: 'exec npm start',
      setup: 'npm ci --omit=dev',
      needsNvm: true,
      entry: null,
      needsIgnoreFile: true,
    },
  ],
  [
    'a Node app with a main file',
    { 'package.json': '{"main":"lib/index.js"}' },
    { kind: 'node', run: 'exec node lib/index.js', setup: 'npm install --omit=dev' },
  ],
  ['a package.json that is none', { 'package.json': 'x' }, { kind: 'node', run: 'exec node index.js' }],
  [
    'a package.json beside a server',
    { 'package.json': '{}', 'server.js': '', '.env': 'A=b', '.gitignore': '' },
    { kind: 'node', entry: 'server.js', run: 'exec node server.js', hasEnvFile: true, needsIgnoreFile: false },
  ],
  ['a plain script', { 'bot.py': 'while True: pass' }, { kind: 'python', run: 'exec python3 -u bot.py' }],
  ['nothing', { notes: '' }, { kind: 'unknown', entry: null }],
];

test.each(CASES)('%s is recognised, and what is written for it can be read', async (_what, files, expected) => {
  const folder = await makeFolder(files);
  const recognised = await recogniseApp(folder);
  expect(recognised).toMatchObject({ name: 'my-dashboard', ...expected });
  await writeFile(join(folder, 'outlast.yaml'), buildInitTemplate({ recognised, hosts: ['deploy@192.0.2.11'] }));
  const { apps } = await loadConfig({ cwd: folder, env: {}, userFolder: folder });
  const { settings } = apps.get('my-dashboard') ?? {};
  expect(settings).toMatchObject({ source: '.', run: recognised.run });
  expect(settings?.env_file).toBe(recognised.hasEnvFile ? '.env' : undefined);
  expect(settings?.python).toBe(recognised.needsPython ? 'venv' : undefined);
  expect(settings?.port).toBe(['python', 'unknown'].includes(recognised.kind) ? undefined : 'auto');
  expect(settings?.health === undefined).toBe(['python', 'unknown'].includes(recognised.kind));
});

test('what is commented out in it can be taken in', async () => {
  const folder = await makeFolder({ 'app.py': 'import streamlit' }, '---');
  const recognised = await recogniseApp(folder);
  expect(recognised.name).toBe('app');
  const template = buildInitTemplate({ recognised, hosts: ['web1'] });
  const whole = template.replaceAll(/^#( {4}\S)/gm, ' $1').replaceAll(/^ {5}(\S)/gm, '    $1');
  await writeFile(join(folder, 'outlast.yaml'), whole);
  const { apps } = await loadConfig({ cwd: folder, env: {}, userFolder: folder });
  expect(apps.get('app')?.settings).toMatchObject({ shared_paths: ['data'], env_file: '.env', keep_releases: 5 });
});
