import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run-step.mjs';

/**
 * Chooses the mutants whose guard, file or test holds one of the words; all of them without a word.
 *
 * @throws Error when a word chooses none
 */
export function selectMutants(mutants, args) {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const matches = (mutant, word) => [mutant.guard, mutant.file, mutant.test].some((text) => text.includes(word));
  const lost = words.find((word) => !mutants.some((mutant) => matches(mutant, word)));
  if (lost !== undefined) throw new Error(`no guard, file or test holds the text: ${lost}`);
  return words.length === 0 ? mutants : mutants.filter((mutant) => words.some((word) => matches(mutant, word)));
}

/** What is wrong with the table itself: a text that is no longer in the source, or there more than once, takes out nothing certain. */
export function checkTexts(mutants) {
  return mutants.flatMap((mutant) => {
    const source = readFileSync(join(ROOT, mutant.file), 'utf8');
    return listEdits(mutant).flatMap(({ text, instead }) => {
      const count = source.split(text).length - 1;
      if (count !== 1)
        return [`${mutant.guard}: ${count === 0 ? 'no longer' : `${count} times`} in ${mutant.file}: ${text}`];
      return text === instead ? [`${mutant.guard}: nothing is taken out of ${mutant.file}`] : [];
    });
  });
}

/** What is taken out of the file, and what stands in its place; a guard of two parts has the second in `also`. */
export function listEdits({ text, instead, also }) {
  return also === undefined ? [{ text, instead }] : [{ text, instead }, also];
}

/** The file and the whole name of a test, which the table has as `file > name`. */
export function splitTest(test) {
  const at = test.indexOf(' > ');
  return { file: test.slice(0, at), name: test.slice(at + 3) };
}
