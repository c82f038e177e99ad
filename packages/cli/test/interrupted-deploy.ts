import { join } from 'node:path';
import { waitFor } from '@outlast/test-fixtures';
import { expect, onTestFinished } from 'vitest';
import { createProject, IDLE, type Project } from './deploy-project.js';
import { readDocument } from './document-schema.js';
import { appOf, codesOf, type Lab } from './program-lab.js';

/** Ends only some time behind the signal. */
export const SLOW = ['sh', '-c', 'trap "sleep 1; exit 0" TERM; while :; do sleep 0.1; done'];

/** An app with so many healthy releases, and their ids. */
export async function deployVersions(
  lab: Lab,
  app: string,
  count: number,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ readonly project: Project; readonly ids: readonly (string | null)[] }> {
  const project = await createProject(lab, app, { ...IDLE, ...settings });
  const ids: (string | null)[] = [];
  for (let version = 1; version <= count; version++) {
    await project.write({ version: `${version}` });
    const told = await project.ask('deploy');
    expect(codesOf(told), JSON.stringify(told.document)).toEqual(['ok']);
    ids.push(appOf(told).release);
  }
  return { project, ids };
}

/** A probe that ends the script which asks it. */
export const KILL_DEPLOY = 'kill -KILL "$(cut -d" " -f4 /proc/$PPID/stat)" $PPID';

/** What a line prints on the host, without blanks around it. */
export const readOn = async (lab: Lab, line: string): Promise<string> => (await lab.host().run(line)).stdout.trim();

/** A line that is true, in the folder of the releases, once the deploy of that number has told a line with this. */
export const hasTold = (lock: number, text: string): string => `grep -qs '${text}' lock.${lock}.said`;

/** Waits until a line is true in the folder of the releases. */
export async function awaitThere(lab: Lab, { deployDir }: Project, line: string): Promise<void> {
  const isSo = async () => (await lab.host().run(`cd ${deployDir} && ${line}`)).exitCode === 0;
  await waitFor(isSo, { what: line, timeoutMs: 20_000 });
}

/** Starts a deploy, or what else is in `words`, by a client of its own; resolves once that line is true in the folder of the releases. */
export async function beginDeploy(lab: Lab, project: Project, until: string, words: readonly string[] = ['deploy']) {
  const config = ['--config', join(project.folder, 'outlast.yaml'), '--settle', '100ms'];
  const client = lab.laptop.spawnOutlast([...words, project.app, '--json', ...config]);
  onTestFinished(() => {
    client.kill('SIGKILL');
  });
  const ended = new Promise((resolve) => client.once('close', resolve));
  let stdout = '';
  client.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  client.stderr?.resume();
  await awaitThere(lab, project, until);
  return { client, ended, readOutcome: () => readDocument(words[0] ?? '', stdout).outcomes[0] };
}

/** Becomes true once that is, and holds the script that has the lock where it is then. */
export const holdAt = (lock: number, line: string): string =>
  `until ${line}; do :; done; kill -s STOP "$(cut -d' ' -f1 lock.${lock})"`;

/** Ends the script that has that lock, with what it waits for. */
export const killScript = (lab: Lab, project: Project, lock: number): Promise<string> =>
  readOn(lab, `kill -s KILL -- "-$(cut -d' ' -f1 ${project.deployDir}/lock.${lock})"`);

/** Cuts the link of the script that has that lock, by ending the sshd before it. */
export const cutLink = (lab: Lab, project: Project, lock: number): Promise<string> =>
  readOn(lab, `kill -s KILL "$(cut -d' ' -f4 "/proc/$(cut -d' ' -f1 ${project.deployDir}/lock.${lock})/stat")"`);
