import type { KeyboardInteractiveAuthMethod } from 'ssh2';
import { formatRemotePrompt } from '../questions.js';
import {
  type AuthenticationContext,
  type AuthenticationState,
  type AuthenticationStep,
  answerSafely,
  beginOther,
  mayTry,
} from './authentication-state.js';

/** Asks a person for a password. */
export function buildPasswordStep(
  { name, settings, questions, signal }: AuthenticationContext,
  state: AuthenticationState,
): AuthenticationStep {
  return async () => {
    if (!mayTry(state, 'password')) return undefined;
    const again = state.tried.includes('password') ? ' (that was not it)' : '';
    const question = `Password of ${settings.user} at ${name}${again}: `;
    const password = await questions.ask(signal, (prompter) => prompter.secret(question));
    if (password === undefined) {
      state.gaveUp = true;
      return undefined;
    }
    beginOther(state, 'password');
    return { type: 'password', username: settings.user, password };
  };
}

/** Lets a person answer what the host asks. */
export function buildKeyboardStep(context: AuthenticationContext, state: AuthenticationState): AuthenticationStep {
  const { settings } = context;
  const prompt: KeyboardInteractiveAuthMethod['prompt'] = (_name, _instructions, _lang, prompts, finish) => {
    askAll(context, prompts, state).then((answers) => answerSafely(() => finish(answers)));
  };
  return async () => {
    if (!mayTry(state, 'keyboard-interactive')) return undefined;
    beginOther(state, 'keyboard-interactive');
    return { type: 'keyboard-interactive', username: settings.user, prompt };
  };
}

async function askAll(
  { name, settings, questions, signal }: AuthenticationContext,
  prompts: readonly { prompt: string }[],
  state: AuthenticationState,
): Promise<string[]> {
  const ask = async (): Promise<string[]> =>
    questions.ask(signal, async (prompter) => {
      const answers: string[] = [];
      for (const { prompt } of prompts) {
        const question = `${settings.user} at ${name}: ${formatRemotePrompt(prompt)}`;
        const answer = await prompter.secret(question);
        if (answer === undefined) throw new Error('gave up');
        answers.push(answer);
      }
      return answers;
    });
  return ask().catch(() => {
    state.gaveUp = true;
    return prompts.map(() => '');
  });
}
