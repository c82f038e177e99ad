import type { Shard } from '../inventory/shard.js';
import type { TerminalInput } from '../output/process-streams.js';
import type { Output } from '../output/streams.js';
import type { TextPrompter } from '../ssh/transport.js';
import type { VerbEntry } from './verb.js';

/** What every verb is given besides its own arguments. */
export interface Context {
  /** The verb's full name. */
  readonly verb: string;
  /** What stood behind `--`; undefined when there was no `--`. */
  readonly argv: readonly string[] | undefined;
  readonly output: Output;
  readonly prompter: TextPrompter;
  readonly stdin: TerminalInput;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted by Ctrl-C; the reason is an OutlastError. */
  readonly interrupt: AbortSignal;
  /** The flags that choose hosts and say how they are reached, for hints that can be typed. */
  readonly repeated: string;
  /** The part of the selection that this run is about; undefined for all of it. */
  readonly shard: Shard | undefined;
  /** All verbs there are. */
  readonly verbs: readonly VerbEntry[];
}
