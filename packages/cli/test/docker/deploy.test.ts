import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Laptop, TestHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import { createProject, IDLE, type Project } from '../deploy-project.js';
import { readPeakMegabytes } from '../peak-memory.js';
import { addLaptop, codesOf } from '../program-lab.js';
import { makeUser, needDocker, runAsRoot } from './docker-lab.js';

beforeEach(needDocker);

interface Stage {
  readonly host: TestHost;
  readonly laptop: Laptop;
  readonly project: Project;
  /** Runs a line in the folder of the app's releases. */
  there(line: string): Promise<string>;
}

async function prepare(
  name: 'debian' | 'debian3' | 'busybox',
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Stage> {
  const host = await makeUser(name);
  const laptop = await addLaptop([host]);
  const project = await createProject({ laptop }, 'app', { ...IDLE, ...settings }, [name]);
  const there = async (line: string) => (await host.run(`cd ${host.stateDir}/deploys/app && ${line}`)).stdout;
  return { host, laptop, project, there };
}

describe('on a host of nothing but BusyBox', () => {
  test('a release is uploaded whatever its names, in part the next time, and goes back', async () => {
    const { project, there } = await prepare('busybox');
    const long = `${'folder'.repeat(20)}/${'name'.repeat(40)}`;
    await project.write({
      [long]: 'long',
      ünïcödé: 'u',
      'two\nlines': 'n',
      '-rf': 'dash',
      empty: '',
      'a b/c': 'c',
      link: { link: 'a b/c' },
    });
    const first = await project.ask('deploy');
    expect(codesOf(first), first.stderr).toEqual(['ok']);
    expect(
      await there(`cat './current/${long}' current/ünïcödé './current/two\nlines' ./current/-rf current/link`),
    ).toBe('longundashc');
    await project.write({ 'a b/c': 'other' });
    const second = await project.ask('deploy');
    expect(codesOf(second), second.stderr).toEqual(['ok']);
    expect(await there('cat current/link; ls releases | wc -l')).toBe('other2\n');
    expect(codesOf(await project.ask('rollback'))).toEqual(['ok']);
    expect(await there('cat current/link')).toBe('c');
  });

  test('a page is asked for by its wget, and told by its status', async () => {
    const httpd = ['httpd', '-f', '-p', '127.0.0.1:{port}', '-h', '.'];
    const health = { http: '/page.html', body: '^release [0-9]+$', within: '10s', steady: '0ms', interval: '100ms' };
    const { project } = await prepare('busybox', { run: httpd, port: 'auto', health });
    await project.write({ 'page.html': '<h1>\nrelease 1\n' });
    expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
    await project.configure({ health: { ...health, http: '/missing', within: '500ms' } });
    const told = await project.ask('deploy', '--force');
    expect(told.document.outcomes[0]?.error?.message).toBe('it is not healthy: /missing answers 404');
  });
});

describe('a host without curl, wget and python3', () => {
  test('asks with bash', async () => {
    const health = { http: '/page', body: 'release', within: '10s', steady: '0ms', interval: '100ms' };
    const { host, project } = await prepare('debian3', { run: 'exec python3-hidden serve.py', port: 'auto', health });
    expect((await host.run('command -v curl wget')).stdout).toBe('');
    await project.write({ 'serve.py': SERVE });
    // python3 is there for the app alone: the probe finds what PATH has.
    await runAsRoot(host, 'mv /usr/bin/python3 /usr/bin/python3-hidden');
    try {
      const told = await project.ask('deploy');
      expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
    } finally {
      await runAsRoot(host, 'mv /usr/bin/python3-hidden /usr/bin/python3');
    }
  });
});

test('what another user answers on the port is not the app', async () => {
  const port = 18_137;
  const health = { http: '/', within: '1s', steady: '0ms', interval: '100ms' };
  const run = `: >/tmp/begun.${port}; sleep 2; exec sleep 1000`;
  const { project } = await prepare('debian3', { run, port, health });
  const other = await makeUser('debian3');
  await other.run(
    `nohup sh -c 'until [ -e /tmp/begun.${port} ]; do sleep 0.05; done; exec python3 -m http.server ${port}' >/dev/null 2>&1 &`,
  );
  await project.write({ file: 'x' });
  const told = await project.ask('deploy');
  expect(told.document.outcomes[0]?.error?.message).toMatch(
    new RegExp(`^it is not healthy: a process of another user \\(uid \\d+\\) listens on port ${port}$`),
  );
  await project.configure({ health: { tcp: true, within: '1s' } });
  // By now it is there before the start.
  expect(codesOf(await project.ask('deploy'))).toEqual(['E_PORT_TAKEN']);
});

const SERVE = `
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"first\\nrelease\\n")
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
`;

test('a file of two gigabytes is uploaded in little memory, and is there whole', async () => {
  const { laptop, project, there } = await prepare('debian');
  await project.write({ file: 'x' });
  const size = 2_100_000_000;
  await writeFile(join(project.source, 'model'), 'begins');
  await truncate(join(project.source, 'model'), size);
  const client = laptop.spawnOutlast(['deploy', project.app, '--config', join(project.folder, 'outlast.yaml')]);
  const ended = once(client, 'close');
  let peak = 0;
  while (client.exitCode === null && client.signalCode === null) {
    peak = readPeakMegabytes(client) || peak;
    await delay(50);
  }
  expect(await ended).toEqual([0, null]);
  // Node itself takes about 100.
  expect(peak).toBeGreaterThan(50);
  expect(peak).toBeLessThan(300);
  expect(await there('stat -c %s current/model; head -c 6 current/model')).toBe(`${size}\nbegins`);
});
