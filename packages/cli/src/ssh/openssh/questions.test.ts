import { expect, test } from 'vitest';
import { buildSettings, readOpensshSample } from '../../../test/openssh-samples.js';
import { createQuestions } from '../questions.js';
import { answerQuestion, type RunAnswers } from './questions.js';

const PROMPT = readOpensshSample('ask-passphrase');
const QUESTION = 'Passphrase of /home/me/.ssh/id_locked: ';
const AGAIN = 'Passphrase of /home/me/.ssh/id_locked (that was not it): ';

const settings = buildSettings();

/** A run with a person who gives these answers, one after the other. */
function startRun(said: readonly (string | undefined)[], marksHostQuestions = true) {
  const asked: string[] = [];
  const left = [...said];
  const questions = createQuestions({
    interactive: true,
    confirm: () => Promise.reject(new Error('not to be confirmed')),
    secret: async (question) => {
      asked.push(question);
      return left.shift();
    },
  });
  const answers: RunAnswers = {
    acceptedKeys: new Set(),
    passphrases: new Map(),
    marksHostQuestions: async () => marksHostQuestions,
  };
  const { signal } = new AbortController();
  /** The ssh of that name asks, for the host of the same name unless told otherwise. */
  const ask = (asker: string, prompt = PROMPT, name = asker) =>
    answerQuestion(prompt, { name, settings, questions, answers, asker, signal });
  return { asked, ask };
}

test('a passphrase is asked for once for all hosts, whether they ask at the same time or later', async () => {
  const { asked, ask } = startRun(['open sesame']);
  expect(await Promise.all(['web1', 'web2', 'web3'].map((host) => ask(host)))).toEqual(Array(3).fill('open sesame'));
  expect(await ask('web4')).toBe('open sesame');
  expect(asked).toEqual([QUESTION]);
});

test('each key has a passphrase of its own', async () => {
  const { asked, ask } = startRun(['one', 'two']);
  const other = PROMPT.replace('id_locked', 'id_other');
  expect([await ask('web1'), await ask('web1', other), await ask('web2', other)]).toEqual(['one', 'two', 'two']);
  expect(asked).toHaveLength(2);
});

test('an ssh that asks again was told a wrong passphrase: the person is asked again, and the others get the new one', async () => {
  const { asked, ask } = startRun(['wrong', 'open sesame']);
  expect([await ask('web1'), await ask('web2')]).toEqual(['wrong', 'wrong']);
  expect(await Promise.all(['web1', 'web2'].map((host) => ask(host)))).toEqual(['open sesame', 'open sesame']);
  expect(await ask('web3')).toBe('open sesame');
  expect(asked).toEqual([QUESTION, AGAIN]);
});

test('the ssh of a ProxyCommand and the one behind it need the same key, and that is no second try', async () => {
  const { asked, ask } = startRun(['open sesame']);
  expect([await ask('hop', PROMPT, 'web1'), await ask('web1')]).toEqual(['open sesame', 'open sesame']);
  expect(asked).toHaveLength(1);
});

test.each([undefined, ''])('a key for which a person answers %j is left out for all hosts', async (answer) => {
  const { asked, ask } = startRun([answer, 'too late']);
  expect([await ask('web1'), await ask('web2')]).toEqual([answer, answer]);
  expect(asked).toHaveLength(1);
});

test('a person who does not know the passphrase is asked three times, not three times for each host', async () => {
  const { asked, ask } = startRun(['a', 'b', 'c', 'd']);
  expect([await ask('web1'), await ask('web1'), await ask('web1')]).toEqual(['a', 'b', 'c']);
  expect([await ask('web2'), await ask('web2'), await ask('web3')]).toEqual(['c', '', '']);
  expect(asked).toEqual([QUESTION, AGAIN, AGAIN]);
});

test.each([
  ['a password', readOpensshSample('ask-password')],
  ['what a host asks in the words of ssh', readOpensshSample('ask-host-in-words-of-ssh')],
  ['the PIN of a token', "Enter PIN for 'token': "],
])('%s is asked for each host, with its name', async (_what, prompt) => {
  const { asked, ask } = startRun(['open sesame', 'one', 'two']);
  await ask('web1');
  expect([await ask('web1', prompt), await ask('web2', prompt)]).toEqual(['one', 'two']);
  expect(asked.slice(1)).toEqual([`web1: ${prompt}`, `web2: ${prompt}`]);
});

test('where a host could ask in the words of ssh, nothing is answered for all', async () => {
  const { asked, ask } = startRun(['one', 'two'], false);
  expect([await ask('web1'), await ask('web2')]).toEqual(['one', 'two']);
  expect(asked).toEqual([`web1: ${PROMPT}`, `web2: ${PROMPT}`]);
});
