import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Laptop } from '@outlast/test-fixtures';
import type { Context } from '../src/commands/context.js';
import type { FleetFlags } from '../src/commands/flags.js';
import { formatRepeatedFlags } from '../src/commands/repeat-flags.js';
import { VERBS } from '../src/commands/verbs.js';
import { createOutput } from '../src/output/streams.js';
import { parseInvocation } from '../src/program.js';
import { readDocument, type ToldDocument } from './document-schema.js';
import { NOBODY } from './sshd/connection-lab.js';

/** What a run inside this process printed, and its exit code. */
export interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a run inside this process came to. */
export interface Answer extends Printed {
  readonly document: ToldDocument;
}

/** Runs a verb with `--json` as the program does, inside this process, which costs a fraction of one of its own. */
export async function askInProcess(
  laptop: Laptop,
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  const [name = '', ...rest] = words;
  const printed = await runInProcess(laptop, [name, '-F', laptop.sshConfig, '--json', ...rest], more);
  return { ...printed, document: readDocument(name, printed.stdout) };
}

/** Runs a verb as the program does, inside this process, with nothing added. */
export async function runInProcess(
  laptop: Laptop,
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Printed> {
  const invocation = await parseInvocation(words, '0.0.0');
  if ('text' in invocation) throw new Error(invocation.text);
  const { entry, verb, args, flags, argv } = invocation;
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const [printed, warned] = [text(stdout), text(stderr)];
  const { home: cwd } = laptop;
  const env = { ...laptop.env, ...more };
  const context: Context = {
    verb: entry.name,
    argv,
    output: createOutput({ stdout, stderr, env, flags }),
    prompter: { ...NOBODY, ask: () => Promise.reject(new Error('asked off a terminal')) },
    stdin,
    env,
    cwd,
    interrupt: new AbortController().signal,
    repeated: formatRepeatedFlags(flags),
    shard: (flags as FleetFlags).shard,
    verbs: VERBS,
  };
  const exitCode = await verb.run(context, args, flags);
  stdout.end();
  stderr.end();
  return { exitCode, stdout: await printed, stderr: await warned };
}
