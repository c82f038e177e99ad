import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Laptop, type TestHost, waitFor } from '@outlast/test-fixtures';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { readDocument, type ToldDocument } from '../document-schema.js';
import { addLaptop, appOf, codesOf } from '../program-lab.js';
import { giveCertificates, makeUsers, needDocker, runAsRoot } from './docker-lab.js';
import { killAll } from './remote-processes.js';

const EXAMPLE = fileURLToPath(new URL('../../../../examples/streamlit', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../../docs/streamlit.md', import.meta.url));
/** What a test leaves for people to look at. */
const PICTURES = fileURLToPath(new URL('../../../../.cache/test-output', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
/** Installing Streamlit from PyPI is most of it. */
const TIMEOUT_MS = 600_000;
/** What the page promises. */
const FIVE_MINUTES_MS = 300_000;

beforeEach(needDocker);

let browser: Browser | undefined;
let noBrowser: string | undefined;
/** The server on which the example was deployed before. */
let known: TestHost | undefined;

beforeAll(async () => {
  const args = [
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  try {
    browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false, args });
  } catch (error) {
    noBrowser = `no browser at ${CHROMIUM}: ${(error as Error).message.split('\n')[0]}`;
  }
});

afterAll(() => browser?.close());

interface Stage {
  readonly laptop: Laptop;
  readonly hosts: readonly TestHost[];
  /** The app's folder on the laptop. */
  readonly folder: string;
}

type Server = 'debian' | 'debian2' | 'debian3';

/** A copy of the example on a laptop, and empty servers that trust what this machine trusts. */
async function prepare(...names: Server[]): Promise<Stage> {
  return prepareOn(await makeUsers(...names));
}

async function prepareOn(hosts: readonly TestHost[]): Promise<Stage> {
  for (const host of hosts) await giveCertificates(host);
  const laptop = await addLaptop(hosts);
  const folder = join(laptop.home, 'streamlit');
  await cp(EXAMPLE, folder, { recursive: true });
  return { laptop, hosts, folder };
}

async function run({ laptop, folder }: Stage, words: readonly string[]) {
  const options = { cwd: folder, timeoutMs: TIMEOUT_MS };
  // What asks no host anything takes no file of ssh.
  if (words[0] === 'init') return laptop.run([...laptop.argvOf(['init']).slice(0, 2), ...words], options);
  return laptop.outlast(words, options);
}

async function ask(stage: Stage, ...words: string[]): Promise<{ document: ToldDocument; stderr: string }> {
  const [verb = '', ...rest] = words;
  const { stdout, stderr } = await run(stage, [verb, '--json', ...rest]);
  return { document: readDocument(verb, stdout), stderr };
}

interface OpenPage {
  readonly page: Page;
  readonly url: string;
  /** What went wrong in it, and what became of its WebSocket. */
  readonly events: string[];
}

/** Opens the app of a host in the browser through `outlast open`, until the test is over. */
async function openPage({ laptop, folder }: Stage, host: string): Promise<OpenPage> {
  const client = laptop.spawnOutlast(['open', 'streamlit', '-H', host, '--no-browser', '--json'], { cwd: folder });
  onTestFinished(() => {
    client.kill('SIGINT');
  });
  let stdout = '';
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  await waitFor(() => stdout.includes('\n'), { what: `the tunnel to ${host}`, timeoutMs: 30_000 });
  const { url } = JSON.parse(stdout) as { url: string };
  const page = await (browser as Browser).newPage();
  onTestFinished(() => page.close());
  const events: string[] = [];
  page.on('console', (message) => events.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => events.push(`error: ${error.message}`));
  page.on('requestfailed', (request) => events.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (!response.ok()) events.push(`${response.url()}: ${response.status()}`);
  });
  page.on('websocket', (socket) => {
    events.push(`websocket ${socket.url()}`);
    socket.once('framereceived', () => events.push('websocket answered'));
    socket.once('close', () => events.push('websocket closed'));
  });
  const opened = { page, url, events };
  await load(opened);
  return opened;
}

/** Containers of other tests come and go, and each time Chromium gives up what it is about to load, wherever from. */
const isNetworkChange = (event: string) => event.includes('net::ERR_NETWORK_CHANGED');

/** Waits for a heading; without it, the error says what the page shows and what the browser was told. */
async function heading(opened: OpenPage, text: string): Promise<void> {
  const { page, events } = opened;
  const shown = page.getByRole('heading', { name: text });
  const deadline = performance.now() + 60_000;
  while (!(await shown.isVisible())) {
    if (performance.now() > deadline) {
      const what = await page.locator('body').textContent();
      throw new Error(`no heading "${text}"; the page is: ${what}\n${events.join('\n')}`);
    }
    if (events.some(isNetworkChange)) {
      events.length = 0;
      await load(opened);
    }
    await delay(100);
  }
}

async function load({ page, url, events }: OpenPage): Promise<void> {
  await page.goto(url).catch((error: Error) => {
    if (!isNetworkChange(error.message)) throw error;
    events.push(error.message);
  });
}

test('every line of docs/streamlit.md does what it says, from an empty server on', {
  timeout: TIMEOUT_MS,
}, async () => {
  const text = await readFile(DOCS, 'utf8');
  const lines = [...text.matchAll(/^\$ outlast (.*)$/gm)].map(([, words = '']) => words.split(' '));
  expect(lines.length).toBeGreaterThan(8);
  const stage = await prepare('debian2');
  [known] = stage.hosts;
  const [host] = stage.hosts as [TestHost];
  // The address of the page is that of the server, and its user is the one of this test.
  const config = await readFile(stage.laptop.sshConfig, 'utf8');
  await writeFile(
    stage.laptop.sshConfig,
    `${config.replace(/^Host debian2$/m, 'Host debian2 192.0.2.11')}\nHost *\n  User ${host.user}\n`,
  );
  const begun = performance.now();
  for (const words of lines) {
    const own = words.map((word) => word.replace('deploy@192.0.2.11', '192.0.2.11'));
    if (words[0] === 'deploy') await change(stage);
    const told = words[0] === 'open' ? await openBriefly(stage, own) : await run(stage, own);
    expect([words.join(' '), told.exitCode, told.exitCode === 0 ? '' : told.stderr]).toEqual([words.join(' '), 0, '']);
  }
  // Of which pip takes most.
  expect(performance.now() - begun).toBeLessThan(FIVE_MINUTES_MS);
});

test('the example is deployed to three servers, used in a browser, changed, and never seen broken', {
  timeout: TIMEOUT_MS,
}, async (context) => {
  if (noBrowser !== undefined) return context.skip(noBrowser);
  // One of them has the requirements from the test before.
  const [left, right] = (await makeUsers('debian', 'debian3')) as [TestHost, TestHost];
  const [middle = known as TestHost] = known === undefined ? await makeUsers('debian2') : [known];
  onTestFinished(() => killAll(middle));
  const stage = await prepareOn([left, middle, right]);
  await giveUv(right);
  const names = stage.hosts.map(({ alias }) => alias);
  const init = await run(stage, ['init', '--streamlit', ...names.flatMap((name) => ['-H', name])]);
  expect(init.exitCode, init.stderr).toBe(0);

  const first = await ask(stage, 'deploy', '--serial', '3');
  expect(codesOf(first), JSON.stringify(first.document)).toEqual(['ok', 'ok', 'ok']);
  const one = appOf(first).release;
  const log = await right.run('cat ~/.local/state/outlast/deploys/streamlit/records/*.setup.log');
  expect(log.stdout).toContain('making a virtual environment with uv');

  const own = await openPage(stage, 'debian');
  const { page } = own;
  await heading(own, 'Release one');
  // It is counted on the server, and the answer comes over the WebSocket.
  await page.getByRole('button', { name: 'Count' }).click();
  await page.getByTestId('stMetricValue').getByText('1', { exact: true }).waitFor();
  await mkdir(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, 'streamlit.png') });

  const app = join(stage.folder, 'app.py');
  const source = await readFile(app, 'utf8');
  await writeFile(app, source.replace('VERSION = "one"', 'VERSION = "two"'));
  const second = await ask(stage, 'deploy');
  expect(codesOf(second), JSON.stringify(second.document)).toEqual(['ok', 'ok', 'ok']);
  // The requirements are the same, so nothing is installed.
  for (const index of [0, 1, 2]) expect(stepsOf(second, index).setup).toBeLessThan(10);
  const other = await openPage(stage, 'debian2');
  await heading(other, 'Release two');

  const broken: readonly [what: string, change: () => Promise<void>, code: string, said: string, line?: RegExp][] = [
    [
      'a syntax error',
      () => writeFile(app, `${source}\nif`),
      'E_UNHEALTHY',
      'invalid syntax',
      /^probe: +File "app\.py", line \d+$/m,
    ],
    [
      'a missing module',
      () => writeFile(app, `import nowhere_4711\n${source}`),
      'E_UNHEALTHY',
      "No module named 'nowhere_4711'",
      /^probe: +File ".*\/app\.py", line 1, in <module>$/m,
    ],
    ['no answer at all', () => runOtherwise('sleep 1000; exec'), 'E_UNHEALTHY', 'no answer on port'],
    [
      'a crash after five seconds',
      () => runOtherwise('(sleep 5; kill -KILL $$) & exec', 'within: 40s\n      steady: 10s'),
      'E_START_FAILED',
      'killed by KILL',
    ],
  ];
  const config = join(stage.folder, 'outlast.yaml');
  const settings = await readFile(config, 'utf8');
  const configure = (run: string, within: string) =>
    writeFile(config, settings.replace('run: "exec', () => `run: "${run}`).replace(/within: .*/, within));
  const runOtherwise = async (run: string, within = 'within: 12s') => {
    await configure(run, within);
    await writeFile(app, `${source}\n`);
  };
  for (const [what, change, code, said, line] of broken) {
    await change();
    const told = await ask(stage, 'deploy');
    expect([what, codesOf(told)]).toEqual([what, [code, 'E_SKIPPED', 'E_SKIPPED']]);
    const { message, lastLines = [] } = told.document.outcomes[0]?.error ?? {};
    expect(message).toContain(said);
    // What cannot get better is not waited for: init gives a slow start two minutes.
    expect(stepsOf(told, 0).health).toBeLessThan(30);
    if (line !== undefined) expect(lastLines.join('\n')).toMatch(line);
    expect(appOf(told)).toMatchObject({ state: 'running', release: appOf(second).release, pid: appOf(second).pid });
    expect((await fetch(other.url)).status).toBe(200);
    // The very process of the release before, on the host that was deployed to.
    expect((await fetch(own.url)).status).toBe(200);
  }
  await heading(await openPage(stage, 'debian'), 'Release two');
  const back = await ask(stage, 'rollback', 'streamlit', '-H', 'debian3');
  expect(appOf(back)).toMatchObject({ release: one, changed: true });
  await heading(await openPage(stage, 'debian3'), 'Release one');

  // On a port that is given it is stopped first, and comes back.
  await writeFile(config, settings.replace('port: auto', 'port: 8501'));
  await writeFile(app, source.replace('VERSION = "one"', 'VERSION = "three"'));
  const third = await ask(stage, 'deploy', 'streamlit', '-H', 'debian3');
  expect(codesOf(third), JSON.stringify(third.document)).toEqual(['ok']);
  await writeFile(app, `${source}\nif`);
  const sick = await ask(stage, 'deploy', 'streamlit', '-H', 'debian3');
  expect(codesOf(sick)).toEqual(['E_UNHEALTHY']);
  expect(appOf(sick)).toMatchObject({ state: 'running', release: appOf(third).release, rolledBack: true });
  await heading(await openPage(stage, 'debian3'), 'Release three');
});

/** Some servers have uv, which is then what makes the virtual environment. */
async function giveUv(host: TestHost): Promise<void> {
  await runAsRoot(host, 'python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet uv');
  const run = 'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt exec /opt/uv/bin/uv "$@"';
  await runAsRoot(host, 'printf "#!/bin/sh\\n%s\\n" "$1" >/usr/local/bin/uv && chmod +x /usr/local/bin/uv', run);
}

function stepsOf({ document }: { document: ToldDocument }, host: number): Record<string, number> {
  const { steps = [] } = document.outcomes[host]?.apps?.[0] ?? {};
  return Object.fromEntries(steps.map(({ name, seconds }) => [name, seconds]));
}

/** What people do between two lines. */
async function change({ folder }: Stage): Promise<void> {
  const app = join(folder, 'app.py');
  await writeFile(app, `${await readFile(app, 'utf8')}# changed\n`);
}

async function openBriefly(
  { laptop, folder }: Stage,
  words: readonly string[],
): Promise<{ exitCode: number | null; stderr: string }> {
  const client = laptop.spawnOutlast([...words, '--no-browser'], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  client.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => client.once('close', resolve));
  await waitFor(() => stdout.includes('http://'), { what: 'the address', timeoutMs: 30_000 });
  const [url = ''] = /http:\/\/\S+/.exec(stdout) ?? [];
  expect(await (await fetch(url)).text()).toContain('<title>Streamlit</title>');
  client.kill('SIGINT');
  return { exitCode: await ended, stderr };
}
