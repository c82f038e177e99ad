import { OutlastError } from '@outlast/core';
import type { Context } from './commands/context.js';
import { EXIT, resolveErrorExit } from './commands/exit-code.js';
import type { FleetFlags } from './commands/flags.js';
import { formatRepeatedFlags } from './commands/repeat-flags.js';
import { VERBS } from './commands/verbs.js';
import { describeError } from './output/describe-error.js';
import { buildErrorJson, SCHEMA } from './output/document.js';
import { formatFatalError } from './output/format-error.js';
import { formatJson, formatNdjson } from './output/json.js';
import { getProcessStreams } from './output/process-streams.js';
import { createPrompter } from './output/prompt.js';
import { createOutput, type OutputFlags } from './output/streams.js';
import { type Invocation, parseInvocation } from './program.js';

/** What a run is given from outside. */
export interface RunEnvironment {
  /** The arguments behind the program's name. */
  readonly words: readonly string[];
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted by the first Ctrl-C, with an OutlastError. */
  readonly interrupt: AbortController;
}

/**
 * Runs the program and resolves to its exit code.
 *
 * @throws Error `EMFILE`, where it may not open as many files as its own parts are.
 */
export async function main({ words, version, env, cwd, interrupt }: RunEnvironment): Promise<number> {
  const streams = getProcessStreams();
  const fallback = () => createOutput({ ...streams, env, flags: guessFlags(words) });
  let invocation: Invocation;
  try {
    const parsed = await parseInvocation(words, version);
    if ('text' in parsed) {
      await fallback().data(parsed.text);
      return 0;
    }
    invocation = parsed;
  } catch (error) {
    return reportFatal(fallback(), env, { error, verb: null });
  }
  const { entry, verb, args, flags, argv } = invocation;
  const output = createOutput({ ...streams, env, flags });
  const onInterrupt = () => interrupt.abort(createInterruptError());
  const prompter = createPrompter({ input: streams.stdin, output, onInterrupt });
  const context: Context = {
    verb: entry.name,
    argv,
    output,
    prompter,
    stdin: streams.stdin,
    env,
    cwd,
    interrupt: interrupt.signal,
    repeated: formatRepeatedFlags(flags),
    shard: (flags as FleetFlags).shard,
    verbs: VERBS,
  };
  try {
    return await verb.run(context, args, flags);
  } catch (error) {
    const { signal } = interrupt;
    const told = signal.aborted && isAbort(error, signal) ? createUnbegunError() : error;
    const exit = await reportFatal(output, env, { error: told, verb: entry.name });
    return signal.aborted ? EXIT.interrupted : exit;
  }
}

/** Whether it is the interrupt itself that ended what was under way, such as reading stdin or asking an inventory. */
function isAbort(error: unknown, { reason }: AbortSignal): boolean {
  const chain = [error, error instanceof OutlastError ? error.details.cause : undefined];
  return chain.some((link) => link === reason || (link instanceof Error && link.name === 'AbortError'));
}

function createUnbegunError(): OutlastError {
  return new OutlastError('E_SKIPPED', 'interrupted before anything was sent');
}

/** The reason with which Ctrl-C aborts a run. */
export function createInterruptError(): OutlastError {
  return new OutlastError('E_UNKNOWN_RESULT', 'interrupted', { hint: 'ask with: outlast status' });
}

/** Before the flags are understood: whoever asked for JSON gets its errors as JSON, too. */
function guessFlags(words: readonly string[]): OutputFlags {
  return { json: words.includes('--json'), ndjson: words.includes('--ndjson'), verbose: words.includes('--verbose') };
}

async function reportFatal(
  output: ReturnType<typeof createOutput>,
  env: NodeJS.ProcessEnv,
  what: { error: unknown; verb: string | null },
): Promise<number> {
  const { error, verb } = what;
  // What would tell it may be in a file, too.
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'EMFILE') throw error;
  const verbose = output.flags.verbose === true || (env.OUTLAST_DEBUG ?? '') !== '';
  output.report(formatFatalError(describeError(error), { palette: output.stderr.palette, verbose }));
  if (output.flags.json || output.flags.ndjson) {
    const known =
      error instanceof OutlastError ? error : new OutlastError('E_INTERNAL', String(error), { cause: error });
    const format = output.flags.json ? formatJson : formatNdjson;
    await output
      .data(format({ schema: SCHEMA, verb, ok: false, outcomes: [], error: buildErrorJson(known) }))
      .catch(() => undefined);
  }
  return resolveErrorExit(error);
}
