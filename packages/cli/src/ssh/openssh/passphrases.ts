import { formatPassphraseQuestion, formatRemotePrompt, PASSPHRASE_TRIES } from '../questions.js';
import type { Prompter } from '../transport.js';

/** What a person has last said of one key. */
export interface PassphraseAnswer {
  /** Empty: ssh goes on without the key. Undefined: the person gave up. */
  readonly text: string | undefined;
  /** How often the person has been asked. */
  readonly tries: number;
  /** Each ssh that has been given this answer. */
  readonly toldTo: Set<string>;
}

/** The answers of a run, by the path of the key. They stay in memory. */
export type Passphrases = Map<string, PassphraseAnswer>;

/** One ssh, by a name that no other has in this run, and the key that it cannot read. */
export interface PassphraseRequest {
  readonly path: string;
  readonly asker: string;
}

/**
 * Answers with what is remembered of the key, and asks the person where that is nothing or was wrong: an ssh that asks
 * again says so by that. Only one request may be answered at a time.
 */
export async function answerPassphrase(
  { path, asker }: PassphraseRequest,
  remembered: Passphrases,
  prompter: Prompter,
): Promise<string | undefined> {
  const last = remembered.get(path);
  const isGood = last !== undefined && !last.toldTo.has(asker);
  const answer = isGood ? last : await askPassphrase(path, last?.tries ?? 0, prompter);
  answer.toldTo.add(asker);
  remembered.set(path, answer);
  return answer.text;
}

async function askPassphrase(path: string, triesBefore: number, prompter: Prompter): Promise<PassphraseAnswer> {
  const toldTo = new Set<string>();
  // Whoever does not know it would be asked again for every other host.
  if (triesBefore >= PASSPHRASE_TRIES) return { text: '', tries: triesBefore, toldTo };
  const tries = triesBefore + 1;
  return { text: await prompter.secret(formatPassphraseQuestion(formatRemotePrompt(path), tries)), tries, toldTo };
}
