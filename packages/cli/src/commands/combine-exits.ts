import type { MergedRun } from '../merge/merged-run.js';
import { EXIT } from './exit-code.js';

/**
 * The exit code of a whole run from those of its shards, for verbs that end with `resolveExit`, `resolveKnownExit` or
 * `resolveRunningExit`. A verb that ends in another way says in its `combineExits` what is to be made of it.
 *
 * What is true of the whole run only when it is true of every host (2, 3 and 4) every shard with hosts has to say; a shard without
 * hosts says nothing.
 */
export function combineExits({ shards }: MergedRun): number {
  if (shards.some(({ exitCode }) => exitCode === EXIT.interrupted)) return EXIT.interrupted;
  const codes = [...new Set(shards.filter(({ hosts }) => hosts > 0).map(({ exitCode }) => exitCode))];
  const [first = EXIT.ok] = codes;
  if (codes.length <= 1) return first;
  const areAmong = (...some: readonly number[]) => codes.every((code) => some.includes(code));
  // It is enough that the app runs, or is known, on one host.
  if (areAmong(EXIT.ok, EXIT.notRunning)) return EXIT.ok;
  // Of what ssh's configuration refuses nothing was reached, either.
  return areAmong(EXIT.usage, EXIT.unreachable) ? EXIT.unreachable : EXIT.failed;
}
