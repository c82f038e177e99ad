import type { Command } from 'commander';
import type { MergedRun } from '../merge/merged-run.js';
import type { Context } from './context.js';

/** A verb: what it takes, and what it does. */
export interface Verb {
  /** Declares arguments and flags; those that all verbs on hosts share come from `addFleetFlags`. */
  configure(command: Command): void;
  /** Does it; resolves to the exit code. */
  run(context: Context, args: readonly string[], flags: Readonly<Record<string, unknown>>): Promise<number>;
  /** The exit code of a run from those of its shards, for `outlast merge`; `combineExits` of its own file where left out. */
  combineExits?(run: MergedRun): number;
}

/** What is known of a verb before it is loaded: loading all of them would make every start slow. */
export interface VerbEntry {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  load(): Promise<Verb>;
}
