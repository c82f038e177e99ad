import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../document-schema.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

const SERVER = `
const { createServer } = require('node:http');
createServer((_, response) => response.end('hello')).listen(process.env.PORT, '127.0.0.1');
`;
const BOT = 'import time\nprint("at work")\nwhile True: time.sleep(1)\n';

test.for<[what: string, program: string, files: Readonly<Record<string, string>>]>([
  ['a Node app, main.js', 'npm', { 'package.json': '{"main": "main.js"}', 'main.js': SERVER }],
  ['a Python program, bot.py', 'python3', { 'bot.py': BOT }],
])('what init writes for %s is deployed as it stands', async ([what, program, files], context) => {
  const { laptop } = lab;
  const { exitCode } = await lab.host().run(`command -v ${program}`);
  if (exitCode !== 0) context.skip(`no ${program} is in the PATH of a session`);
  const folder = join(laptop.home, `${program}-app`);
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const init = await laptop.run([...laptop.argvOf(['init']).slice(0, 2), 'init', '--streamlit', '-H', 'web1'], {
    cwd: folder,
  });
  expect(init.stderr).toContain(`This folder holds ${what}.`);
  const { stdout } = await laptop.outlast(['deploy', '--json'], { cwd: folder, timeoutMs: 60_000 });
  const told = { document: readDocument('deploy', stdout) };
  expect(codesOf(told), stdout).toEqual(['ok']);
  const { ports, state } = appOf(told);
  expect(state).toBe('running');
  if (program === 'npm') expect(await (await fetch(`http://127.0.0.1:${ports?.[0]}/`)).text()).toBe('hello');
});
