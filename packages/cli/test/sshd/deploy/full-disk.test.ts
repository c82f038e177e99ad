import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createProject, IDLE } from '../../deploy-project.js';
import { appOf, codesOf, useLab } from '../../program-lab.js';

const lab = useLab(['web1']);

/** A disk of its own for the releases, of so many megabytes. */
beforeEach(async (context) => {
  const disk = join(lab.host().stateDir, 'deploys');
  await mkdir(disk, { recursive: true, mode: 0o700 });
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=700', 'outlast', disk], {
    encoding: 'utf8',
  });
  if (status !== 0) return context.skip(`no small disk can be mounted here, run it as root: ${stderr.trim()}`);
  onTestFinished(() => {
    spawnSync('umount', ['-l', disk]);
  });
});

test('an upload is refused on a full disk, what it brought is taken away again, and what runs goes on', async () => {
  const project = await createProject(lab, 'filling', IDLE);
  await project.write({ file: 'small' });
  const { pid, release } = appOf(await project.ask('deploy'));
  for (const size of [4, 30]) await writeFile(join(project.source, `file-${size}`), randomBytes(size << 20));
  const told = await project.ask('deploy');
  expect(codesOf(told)).toEqual(['E_UPLOAD']);
  expect(told.document.outcomes[0]?.error?.message).toContain('there is no space for it in');
  expect(appOf(told)).toMatchObject({ pid, release, state: 'running', changed: false });
  const { stdout } = await lab.host().run(`df -m ${project.deployDir} | awk 'NR == 2 { print $3 }'`);
  expect(Number(stdout)).toBeLessThan(4);
  await project.write({ 'file-30': null });
  const again = await project.ask('deploy');
  expect(codesOf(again), JSON.stringify(again.document)).toEqual(['ok']);
});

test('a setup that fills the disk fails, and what runs goes on', async () => {
  const project = await createProject(lab, 'spilling', IDLE);
  await project.write({ file: 'small' });
  const { pid, release } = appOf(await project.ask('deploy'));
  await project.configure({ setup: 'head -c 100000000 /dev/zero >big' });
  const told = await project.ask('deploy');
  expect(told.exitCode).toBe(1);
  expect(appOf(told)).toMatchObject({ pid, release, state: 'running' });
  await project.configure({ setup: 'echo fine' });
  const again = await project.ask('deploy');
  expect(codesOf(again), JSON.stringify(again.document)).toEqual(['ok']);
});
