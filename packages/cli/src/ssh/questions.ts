import type { Prompter } from './transport.js';

/** Asks a person one question at a time, whichever host it is about; clocks can stand still meanwhile. */
export interface Questions {
  /** False: nothing may be asked. */
  readonly interactive: boolean;
  /**
   * Runs `ask` when no other question is open. Gives up, with the signal's reason, when it aborts before that.
   */
  ask<T>(signal: AbortSignal, ask: (prompter: Prompter) => Promise<T>): Promise<T>;
  /** True while a question is open or waiting. */
  readonly open: boolean;
  /** Calls back whenever `open` changes; returns what ends that. */
  onChange(callback: () => void): () => void;
}

/** Creates the queue of questions for one run. */
export function createQuestions(prompter: Prompter): Questions {
  const listeners = new Set<() => void>();
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const count = (change: number): void => {
    waiting += change;
    for (const listener of [...listeners]) listener();
  };
  return {
    interactive: prompter.interactive,
    get open() {
      return waiting > 0;
    },
    onChange(callback) {
      listeners.add(callback);
      return () => listeners.delete(callback);
    },
    ask(signal, ask) {
      count(1);
      const answer = last.then(() => {
        signal.throwIfAborted();
        return ask(prompter);
      });
      last = answer.catch(() => undefined).then(() => count(-1));
      return answer;
    },
  };
}

/** How often the passphrase of one key is asked for in a run. */
export const PASSPHRASE_TRIES = 3;

/** Formats the question for the passphrase of a key, which is for all hosts and so names none. `tries` counts from 1. */
export function formatPassphraseQuestion(path: string, tries: number): string {
  return `Passphrase of ${path}${tries === 1 ? '' : ' (that was not it)'}: `;
}

/** Makes text of a remote side fit for a question: one line, without anything that a terminal obeys. */
export function formatRemotePrompt(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').slice(0, 300);
}
