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

/** Asks a person for a password, as often as the configuration says. */
export function buildPasswordSteps(
  { name, settings, questions, signal }: AuthenticationContext,
  state: AuthenticationState,
): AuthenticationStep[] {
  const step: AuthenticationStep = async () => {
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
  return Array.from({ length: settings.numberOfPasswordPrompts }, () => step);
}

/** Lets a person answer what the host asks, as often as a password may be tried. */
export function buildKeyboardSteps(context: AuthenticationContext, state: AuthenticationState): AuthenticationStep[] {
  const { settings } = context;
  // A host that refuses without having asked anything would do so again.
  let isMute = false;
  const prompt: KeyboardInteractiveAuthMethod['prompt'] = (_name, _instructions, _lang, prompts, finish) => {
    isMute &&= prompts.length === 0;
    askAll(context, prompts, state).then((answers) => answerSafely(() => finish(answers)));
  };
  const step: AuthenticationStep = async () => {
    if (isMute || !mayTry(state, 'keyboard-interactive')) return undefined;
    isMute = true;
    beginOther(state, 'keyboard-interactive');
    return { type: 'keyboard-interactive', username: settings.user, prompt };
  };
  return Array.from({ length: settings.numberOfPasswordPrompts }, () => step);
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
