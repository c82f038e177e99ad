/** What a word of the line may be; hosts, apps and groups are asked of `outlast completion --list-…` at that moment. */
export type CompletionWords = 'host' | 'app' | 'group' | 'file' | 'value';

/** One flag of a verb. */
export interface CompletionFlag {
  /** All its forms, as in `-H, --host`. */
  readonly flag: string;
  readonly summary: string;
  /** What follows it; nothing for a switch. */
  readonly takes?: CompletionWords;
}

/** One verb. */
export interface CompletionVerb {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly flags: readonly CompletionFlag[];
  /** What its arguments are. */
  readonly takes?: CompletionWords;
}

/** All that a completion script knows by itself. */
export interface CompletionModel {
  readonly verbs: readonly CompletionVerb[];
  /** Flags that stand without a verb, such as `--version`. */
  readonly flags?: readonly CompletionFlag[];
}

/** The flag of `outlast completion` that lists words of a kind; undefined for kinds that are not listed. */
export function resolveListFlag(takes: CompletionWords | undefined): string | undefined {
  return takes === 'host' || takes === 'app' || takes === 'group' ? `--list-${takes}s` : undefined;
}

/** Parses the forms of a flag: `-H, --host` gives `['-H', '--host']`. */
export function parseFlagForms({ flag }: CompletionFlag): string[] {
  return flag.match(/(?<![^\s,])--?[A-Za-z0-9][\w-]*/g) ?? [];
}

/** Lists a verb's name and its aliases. */
export function listNames({ name, aliases = [] }: CompletionVerb): string[] {
  return [name, ...aliases];
}
