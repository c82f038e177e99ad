import type { HostSettings } from '../configuration/host-settings.js';
import { formatTrustQuestion } from '../host-keys/host-key-check-messages.js';
import { formatKnownHostName } from '../host-keys/known-hosts-name.js';
import { formatRemotePrompt, type Questions } from '../questions.js';
import { readSshVersion } from '../ssh-version.js';
import type { Prompter } from '../transport.js';
import { marksHostQuestions, readQuestion } from './failure.js';
import { answerPassphrase, type Passphrases } from './passphrases.js';

/** What a person has said that counts for all hosts of the run. */
export interface RunAnswers {
  /** The host keys that were accepted. */
  readonly acceptedKeys: Set<string>;
  readonly passphrases: Passphrases;
  /** Tells whether ssh marks what a host asks, so that no host can ask for what is meant for ssh itself. */
  marksHostQuestions(): Promise<boolean>;
}

/** Creates the answers of a run, which are none yet. */
export function createRunAnswers(env: NodeJS.ProcessEnv): RunAnswers {
  let marks: Promise<boolean> | undefined;
  return {
    acceptedKeys: new Set(),
    passphrases: new Map(),
    marksHostQuestions() {
      marks ??= readSshVersion(env).then(marksHostQuestions);
      return marks;
    },
  };
}

/** What answers a question of one ssh. */
export interface AnswerContext {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly questions: Questions;
  readonly answers: RunAnswers;
  /** The ssh that asks, by a name that no other has in this run. */
  readonly asker: string;
  readonly signal: AbortSignal;
}

/**
 * Puts a question of ssh to the person, with the name of the host unless it is about all of them; what was answered for all is
 * not asked again. Undefined when the person gave up.
 */
export async function answerQuestion(prompt: string, context: AnswerContext): Promise<string | undefined> {
  const { name, questions, answers, asker, signal } = context;
  const question = readQuestion(prompt);
  const isForAll = question.kind === 'passphrase' && (await answers.marksHostQuestions());
  return questions.ask(signal, async (prompter) => {
    if (isForAll) return answerPassphrase({ path: question.path, asker }, answers.passphrases, prompter);
    if (question.kind === 'host-key') return answerHostKey(question.key, prompter, context);
    const text = `${name}: ${formatRemotePrompt(prompt).trim()} `;
    if (question.kind === 'yes-no') return (await prompter.confirm(text)) ? 'yes' : 'no';
    return prompter.secret(text);
  });
}

/** Several connections may ask about the same key of the same host at the same time. */
async function answerHostKey(key: string, prompter: Prompter, context: AnswerContext): Promise<string> {
  const { settings, answers } = context;
  const acceptance = JSON.stringify([formatKnownHostName(settings), settings.userKnownHostsFiles, key]);
  if (answers.acceptedKeys.has(acceptance)) return 'yes';
  if (!(await prompter.confirm(formatTrustQuestion(context, formatRemotePrompt(key))))) return 'no';
  answers.acceptedKeys.add(acceptance);
  return 'yes';
}
