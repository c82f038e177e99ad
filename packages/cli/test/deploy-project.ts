import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Answer, askInProcess, type Printed, runInProcess } from './in-process.js';
import type { Lab } from './program-lab.js';

/** What goes into a file of the project. */
export type FileContent = string | Uint8Array | { readonly link: string };

/** A folder on the laptop with an outlast.yaml for one app, whose source is the folder `app` in it. */
export interface Project {
  readonly app: string;
  readonly folder: string;
  /** The folder that is deployed. */
  readonly source: string;
  /** Writes files of the source; null takes one away. */
  write(files: Readonly<Record<string, FileContent | null>>): Promise<void>;
  /** Changes settings of the app, and leaves the others as they are. */
  configure(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Runs a verb on the app in this process. */
  ask(verb: string, ...flags: readonly string[]): Promise<Answer>;
  /** The same, as people see it. */
  print(verb: string, ...flags: readonly string[]): Promise<Printed>;
  /** Where the app's releases are on a host, as a shell word for it. */
  readonly deployDir: string;
}

/** An app that serves `page.html` of its release, and says how it began. */
export const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const page = readFileSync('page.html', 'utf8');
createServer((request, response) => {
  response.statusCode = request.url === '/missing' ? 404 : 200;
  response.end(page);
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('serving ' + page.trim()));
`;

/** How {@link SERVER} is run, and when it is healthy. */
export const SERVED = {
  run: [process.execPath, 'server.mjs'],
  port: 'auto',
  health: { http: '/', within: '15s', steady: '0ms', interval: '50ms' },
};

/** What is deployed where the question is about something else: it lives. */
export const IDLE = { run: ['sleep', '1000'], health: { exec: 'true', steady: '0ms' } };

/** Makes a project; it goes with the test, and what it has started goes with the lab. */
export async function createProject(
  lab: Pick<Lab, 'laptop'>,
  app: string,
  settings: Readonly<Record<string, unknown>>,
  hosts: readonly string[] = ['web1'],
): Promise<Project> {
  const { laptop } = lab;
  const folder = await mkdtemp(join(laptop.home, `${app}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, 'app');
  await mkdir(source);
  let own: Readonly<Record<string, unknown>> = { hosts, source: 'app', ...settings };
  const save = () =>
    writeFile(
      join(folder, 'outlast.yaml'),
      JSON.stringify({ hosts: Object.fromEntries(hosts.map((host) => [host, null])), apps: { [app]: own } }),
    );
  await save();
  const buildWords = (verb: string, flags: readonly string[]) => {
    const settle = SETTLING.has(verb) ? ['--settle', '100ms'] : [];
    return [verb, app, '--config', join(folder, 'outlast.yaml'), ...settle, ...flags];
  };
  return {
    app,
    folder,
    source,
    write: (files) => writeFiles(source, files),
    configure: (more) => {
      own = { ...own, ...more };
      return save();
    },
    ask: (verb, ...flags) => askInProcess(laptop, buildWords(verb, flags)),
    print: (verb, ...flags) => runInProcess(laptop, buildWords(verb, ['-F', laptop.sshConfig, ...flags])),
    deployDir: `"$XDG_STATE_HOME/outlast/deploys/${app}"`,
  };
}

/** Those that a deploy takes have a settle time that does not hold the test up. */
const SETTLING: ReadonlySet<string> = new Set(['deploy', 'rollback', 'start', 'restart']);

async function writeFiles(source: string, files: Readonly<Record<string, FileContent | null>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const whole = join(source, path);
    await rm(whole, { recursive: true, force: true });
    if (content === null) continue;
    await mkdir(dirname(whole), { recursive: true });
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, whole);
    else await writeFile(whole, content);
  }
}

/** Gives a file of the source other permission bits. */
export function setMode(project: Project, path: string, mode: number): Promise<void> {
  return chmod(join(project.source, path), mode);
}
