import type { HostSettings } from '../configuration/host-settings.js';
import { formatTrustQuestion } from '../host-keys/host-key-check-messages.js';
import { formatKnownHostName } from '../host-keys/known-hosts-name.js';
import { formatRemotePrompt, type Questions } from '../questions.js';
import type { Prompter } from '../transport.js';
import { readQuestion } from './failure.js';

/** What answers the questions of one ssh. */
export interface AnswerContext {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly questions: Questions;
  /** The host keys that a person has accepted in this run. */
  readonly acceptedKeys: Set<string>;
  readonly signal: AbortSignal;
}

/** Puts a question of ssh to the person, with the name of the host; undefined when the person gave up. */
export function answerQuestion(prompt: string, context: AnswerContext): Promise<string | undefined> {
  const { name, questions, signal } = context;
  const question = readQuestion(prompt);
  return questions.ask(signal, async (prompter) => {
    if (question.kind === 'host-key') return answerHostKey(question.key, prompter, context);
    const text = `${name}: ${formatRemotePrompt(prompt).trim()} `;
    if (question.kind === 'secret') return prompter.secret(text);
    return (await prompter.confirm(text)) ? 'yes' : 'no';
  });
}

/** Several connections may ask about the same key of the same host at the same time. */
async function answerHostKey(key: string, prompter: Prompter, context: AnswerContext): Promise<string> {
  const { settings, acceptedKeys } = context;
  const acceptance = JSON.stringify([formatKnownHostName(settings), settings.userKnownHostsFiles, key]);
  if (acceptedKeys.has(acceptance)) return 'yes';
  if (!(await prompter.confirm(formatTrustQuestion(context, formatRemotePrompt(key))))) return 'no';
  acceptedKeys.add(acceptance);
  return 'yes';
}
