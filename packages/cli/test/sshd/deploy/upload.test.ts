import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Laptop, startTcpProxy, type TcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { expect, onTestFinished, test } from 'vitest';
import { createProject, type FileContent, IDLE, type Project } from '../../deploy-project.js';
import { addLaptop, appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);
const MB = 1_000_000;

/** Bytes that nothing makes smaller, in files that go as an archive, and one that goes by itself. */
const buildFiles = (large: number): Readonly<Record<string, FileContent>> => ({
  ...Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`small/${index}`, randomBytes(MB / 5)])),
  large: randomBytes(large),
});

/** A project whose host is behind a link that can be spoilt. */
async function createFarProject(app: string): Promise<{ project: Project; proxy: TcpProxy; laptop: Laptop }> {
  const proxy = await startTcpProxy(lab.host('web1'));
  onTestFinished(() => proxy.stop());
  const laptop = await addLaptop([varyHost(lab.host('web1'), { port: proxy.port })]);
  return { project: await createProject({ laptop }, app, IDLE), proxy, laptop };
}

test('what has come before a link is cut is not sent again, be it of many files or of one', async () => {
  const { project, proxy } = await createFarProject('resumed');
  await project.write(buildFiles(20 * MB));
  // In the middle of the archive, and then of the large file.
  proxy.spoil({ request: { end: { at: 3 * MB, by: 'reset' } } }, 1);
  proxy.spoil({ request: { end: { at: 12 * MB, by: 'reset' } } }, 2);
  const told = await project.ask('deploy');
  expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
  const sent = Array.from({ length: proxy.accepted }, (_, index) => proxy.traffic(index + 1).request);
  expect(sent.length).toBeGreaterThan(2);
  const total = sent.reduce((sum, bytes) => sum + bytes);
  // A little more than the files, for what was on its way when the link was cut, and what stood on the host without its end.
  expect(total).toBeGreaterThan(24 * MB);
  expect(total).toBeLessThan(24 * MB + 6 * MB);
});

test('a link that falls silent in the middle of an upload holds nobody up for much more than half a minute', {
  timeout: 90_000,
}, async () => {
  const { project, proxy, laptop } = await createFarProject('silent');
  await project.write(buildFiles(20 * MB));
  proxy.spoil({ request: { end: { at: 6 * MB, by: 'freeze' } } }, 1);
  const words = ['deploy', 'silent', '--config', join(project.folder, 'outlast.yaml'), '--settle', '100ms'];
  const client = laptop.spawnOutlast(words);
  onTestFinished(() => {
    client.kill('SIGKILL');
  });
  await waitFor(() => proxy.traffic(1).request >= 6 * MB, { what: 'the middle of the upload', timeoutMs: 20_000 });
  const { exitCode, stderr } = await lab.run([...words, '--wait', '60s']);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toMatch(/did not come to its end, at upload; what it left was cleared up/);
});

test('a file that changes while it is read is refused by its name, and what runs goes on', async () => {
  const { project, proxy } = await createFarProject('changing');
  await project.write({ first: 'one' });
  const before = appOf(await project.ask('deploy'));
  await project.write(buildFiles(40 * MB));
  // The link holds the upload up until the file is another one.
  const next = proxy.accepted + 1;
  proxy.spoil({ request: { end: { at: 6 * MB, by: 'freeze' } } }, next);
  const asked = project.ask('deploy');
  await waitFor(() => proxy.traffic(next).request >= 6 * MB, { what: 'the middle of the upload', timeoutMs: 20_000 });
  const file = await open(join(project.source, 'large'), 'r+');
  await file.write('changed', 39 * MB);
  await file.close();
  proxy.spoil({}, next);
  proxy.thaw();
  const told = await asked;
  expect(told.document.outcomes[0]?.error).toMatchObject({
    code: 'E_UPLOAD',
    message: '"large" was changed while it was uploaded',
  });
  expect(appOf(await project.ask('status'))).toMatchObject({ state: 'running', pid: before.pid });
  expect(codesOf(await project.ask('deploy'))).toEqual(['ok']);
});
