/** One host's part of a merged document, as its shard told it. */
export interface MergedOutcome {
  readonly host: string;
  readonly ok: boolean | null;
  readonly error?: { readonly code: string } | undefined;
  /** What the verb has put beside. */
  readonly [field: string]: unknown;
}

/** A run whose shards have been put together: what there is to conclude its exit code from. */
export interface MergedRun {
  /** The `ok` of the whole document. */
  readonly ok: boolean;
  readonly outcomes: readonly MergedOutcome[];
  /** How each shard ended, in their order, and how many outcomes are from it. */
  readonly shards: readonly { readonly exitCode: number; readonly hosts: number }[];
}
