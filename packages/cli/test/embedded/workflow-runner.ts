import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Laptop, ProgramResult } from '@outlast/test-fixtures';
import { parse } from 'yaml';

/** A step of a workflow, as far as our own workflow needs it. */
interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | number>>;
}

interface Job {
  readonly needs?: string;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly number[]>> };
  readonly steps: readonly Step[];
}

/** Where a workflow runs. */
export interface Runner {
  readonly laptop: Laptop;
  /** The folder of the repository, which a checkout copies. */
  readonly repository: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly env: NodeJS.ProcessEnv;
}

/** How one job ended. */
export interface JobEnd {
  readonly name: string;
  readonly folder: string;
  /** Of each step that had something to run. */
  readonly results: readonly ProgramResult[];
}

const FAILED = /^\$\{\{ !cancelled\(\) \}\}$/;

/** Runs a workflow of GitHub Actions here: every `run` with a real bash as GitHub starts it, and the actions by what they do to files. */
export async function runWorkflow(path: string, runner: Runner): Promise<JobEnd[]> {
  const { jobs } = parse(await readFile(path, 'utf8')) as { jobs: Readonly<Record<string, Job>> };
  const ends: JobEnd[] = [];
  for (const [name, job] of Object.entries(jobs)) {
    const [[key, values] = ['', [undefined]]] = Object.entries(job.strategy?.matrix ?? {});
    for (const value of values) {
      const facts = { [`matrix.${key}`]: String(value), 'strategy.job-total': String(values.length) };
      ends.push(await runJob(value === undefined ? name : `${name}-${value}`, job, { ...runner, facts }));
    }
  }
  return ends;
}

interface JobRunner extends Runner {
  readonly facts: Readonly<Record<string, string>>;
}

async function runJob(name: string, { steps }: Job, runner: JobRunner): Promise<JobEnd> {
  const folder = join(runner.laptop.home, 'runners', name);
  await mkdir(folder, { recursive: true });
  const results: ProgramResult[] = [];
  let failed = false;
  for (const step of steps) {
    if (step.if !== undefined && !FAILED.test(step.if)) throw new Error(`not known here: if: ${step.if}`);
    if (failed && step.if === undefined) continue;
    if (step.run === undefined) {
      await act(step, folder, runner);
      continue;
    }
    const argv = ['bash', '-e', '-c', fill(step.run, runner)];
    const env = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, text]) => [key, fill(text, runner)]));
    const result = await runner.laptop.run(argv, { cwd: folder, env: { ...runner.env, ...env } });
    results.push(result);
    failed ||= result.exitCode !== 0;
  }
  return { name, folder, results };
}

/** Puts the value of each expression in its place; one that nobody knows here is a mistake. */
function fill(text: string, { facts, secrets }: JobRunner): string {
  return text.replace(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => {
    const value = facts[expression] ?? secrets[expression.replace(/^secrets\./, '')];
    if (value === undefined) throw new Error(`not known here: ${expression}`);
    return value;
  });
}

/** What the actions do, told by the file system. */
async function act({ uses, with: given = {} }: Step, folder: string, runner: JobRunner): Promise<void> {
  const artifacts = join(runner.laptop.home, 'artifacts');
  const read = (key: string) => fill(String(given[key]), runner);
  switch (uses) {
    case 'actions/checkout@v4':
      return cp(runner.repository, folder, { recursive: true });
    case 'actions/setup-node@v4':
      return;
    case 'actions/upload-artifact@v4':
      await mkdir(join(artifacts, read('name')), { recursive: true });
      return cp(join(folder, read('path')), join(artifacts, read('name'), read('path')));
    case 'actions/download-artifact@v4': {
      const prefix = read('pattern').replace(/\*$/, '');
      const filter = (source: string) => source === artifacts || source.slice(artifacts.length + 1).startsWith(prefix);
      return cp(artifacts, join(folder, read('path')), { recursive: true, filter });
    }
    default:
      throw new Error(`not known here: ${uses}`);
  }
}
