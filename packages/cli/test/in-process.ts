import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Laptop } from '@outlast/test-fixtures';
import type { Context } from '../src/commands/context.js';
import { formatRepeatedFlags } from '../src/commands/repeat-flags.js';
import { VERBS } from '../src/commands/verbs.js';
import { createOutput } from '../src/output/streams.js';
import { parseInvocation } from '../src/program.js';
import { readDocument, type ToldDocument } from './document-schema.js';
import { NOBODY } from './sshd/connection-lab.js';

/** What a run inside this process came to. */
export interface Answer {
  readonly exitCode: number;
  readonly document: ToldDocument;
  readonly stderr: string;
}

/** Runs a verb with `--json` as the program does, inside this process, which costs a fraction of one of its own. */
export async function askInProcess(
  laptop: Laptop,
  words: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Answer> {
  const [name = '', ...rest] = words;
  const invocation = await parseInvocation([name, '-F', laptop.sshConfig, '--json', ...rest], '0.0.0');
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
    prompter: NOBODY,
    stdin,
    env,
    cwd,
    interrupt: new AbortController().signal,
    repeated: formatRepeatedFlags(flags),
    verbs: VERBS,
  };
  const exitCode = await verb.run(context, args, flags);
  stdout.end();
  stderr.end();
  return { exitCode, document: readDocument(entry.name, await printed), stderr: await warned };
}
