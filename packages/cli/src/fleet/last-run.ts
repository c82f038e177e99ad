import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Shard } from '../inventory/shard.js';
import type { Outcome } from './outcome.js';

/** Where the hosts that failed are remembered, a file a verb and shard, and app where that is said; another run of the same replaces it. */
export interface LastRunStore {
  save(verb: string, outcomes: readonly Outcome<unknown>[]): Promise<void>;
  /** The hosts that were not ok in the last run of the verb; undefined when there was none. */
  load(verb: string): Promise<ReadonlySet<string> | undefined>;
}

/** Keeps the last runs in the user's own state folder on this laptop; those of one app by themselves, where it is named. */
export function createLastRunStore(folder: string, shard?: Shard, app?: string): LastRunStore {
  // Shards of one run may go on at the same time on one laptop.
  const part = shard === undefined ? '' : `.${shard.index}-of-${shard.count}`;
  const pathOf = (verb: string) => join(folder, `${verb}${app === undefined ? '' : `.${app}`}${part}.json`);
  return {
    async save(verb, outcomes) {
      const failed = outcomes.filter(({ ok }) => ok !== true).map(({ host }) => host);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const temporary = `${pathOf(verb)}.${process.pid}`;
      await writeFile(temporary, JSON.stringify({ failed }), { mode: 0o600 });
      await rename(temporary, pathOf(verb));
    },
    async load(verb) {
      const text = await readFile(pathOf(verb), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : parseFailed(text);
    },
  };
}

function parseFailed(text: string): ReadonlySet<string> | undefined {
  try {
    const { failed } = JSON.parse(text) as { failed?: unknown };
    return Array.isArray(failed) ? new Set(failed.filter((host) => typeof host === 'string')) : undefined;
  } catch {
    return undefined;
  }
}
