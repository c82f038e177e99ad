import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort, isListening, runProgram, waitFor } from '@outlast/test-fixtures';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { addLaptop, appOf, ask, useLab } from '../program-lab.js';

// The demo's own environment, so that a machine installs Streamlit once.
const ENSURE_STREAMLIT = `
import { ensureStreamlit } from '../../../../scripts/demo/streamlit-venv.mjs';
const narrator = { line: (text) => console.error(text) };
try {
  console.log(await ensureStreamlit({ narrator, signal: new AbortController().signal }));
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}`;

const SCRIPT = `import streamlit as st
print("the script has run", flush=True)
st.title("It outlasts you")
`;

const lab = useLab(['web1']);
let venv = '';
let missing: string | undefined;

beforeAll(async () => {
  const argv = [process.execPath, '--input-type=module', '-e', ENSURE_STREAMLIT];
  const { exitCode, stdout, stderr } = await runProgram(argv, { cwd: import.meta.dirname });
  if (exitCode === 0) venv = stdout.trim();
  else missing = `no Streamlit: ${stdout.trim() || stderr.trim()}`;
});

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

test('a Streamlit app serves its page after its client is gone, shows its port and memory, and leaves the port free', async () => {
  const { laptop } = lab;
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = join(laptop.home, 'app');
  await lab.host().run(`mkdir -p ${folder}`);
  await writeFile(join(folder, 'app.py'), SCRIPT);
  const client = await addLaptop([lab.host()]);
  const started = await ask(client, [
    ...['start', 'dashboard', '-H', 'web1', '--cwd', folder, '--env', 'STREAMLIT_SERVER_HEADLESS=true'],
    ...['--env', 'STREAMLIT_BROWSER_GATHER_USAGE_STATS=false', '--', join(venv, 'bin/streamlit'), 'run', 'app.py'],
    ...['--server.port', String(port), '--server.address', '127.0.0.1'],
  ]);
  expect(started).toMatchObject({ exitCode: 0, stderr: 'Safe to disconnect.\n' });
  const { pid } = appOf(started);
  await client.remove();

  const isHealthy = async () => (await fetch(`${url}/_stcore/health`)).status === 200;
  const readLog = async () => (await lab.run(['logs', 'dashboard', '-H', 'web1'])).stdout;
  await waitFor(isHealthy, { what: 'Streamlit to be healthy', timeoutMs: 90_000, intervalMs: 250, evidence: readLog });
  expect(await (await fetch(`${url}/_stcore/health`)).text()).toBe('ok');
  const page = await fetch(url);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>Streamlit</title>');
  expect(await readLog()).toContain(`:${port}`);

  const seen = appOf(await lab.ask(['status', 'dashboard', '-H', 'web1']));
  expect(seen).toMatchObject({ state: 'running', pid, ports: [port], cwd: folder });
  // A Python with Streamlit in it takes tens of megabytes.
  expect(seen.rssBytes).toBeGreaterThan(30e6);
  expect(seen.rssBytes).toBeLessThan(1e9);

  const stopped = await lab.ask(['stop', 'dashboard', '-H', 'web1']);
  expect(appOf(stopped)).toMatchObject({ state: 'stopped', how: 'term', changed: true, pid: null, ports: [] });
  expect(await isListening(port)).toBe(false);
  expect((await lab.run(['status', 'dashboard', '-H', 'web1'])).exitCode).toBe(3);
});

test('a Streamlit app whose port is taken fails its start, with what it said', async () => {
  const port = await findFreePort();
  const start = (app: string, ...more: string[]) => {
    const env = ['--env', 'STREAMLIT_SERVER_HEADLESS=true', '--env', 'STREAMLIT_BROWSER_GATHER_USAGE_STATS=false'];
    const argv = [join(venv, 'bin/streamlit'), 'hello', '--server.port', String(port), '--server.address', '127.0.0.1'];
    return lab.ask(['start', app, '-H', 'web1', ...env, ...more, '--', ...argv]);
  };
  await start('first');
  await waitFor(() => isListening(port), { what: 'the first to listen', timeoutMs: 90_000, intervalMs: 250 });
  const second = await start('second', '--settle', '60s');
  expect(second.document.outcomes[0]?.error).toMatchObject({ code: 'E_START_FAILED', exitCode: 1 });
  expect(second.document.outcomes[0]?.error?.lastLines?.join('\n')).toContain(`Port ${port}`);
  await lab.ask(['stop', 'first', '-H', 'web1']);
  expect(await isListening(port)).toBe(false);
});
