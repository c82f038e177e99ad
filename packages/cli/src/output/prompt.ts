import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { TextPrompter } from '../ssh/transport.js';
import { escapeText } from './escape-terminal.js';
import type { TerminalInput } from './process-streams.js';
import type { Output } from './streams.js';

const AGAIN = 'Please type yes or no. ';

/** What a prompter is made of. */
export interface PrompterOptions {
  readonly input: TerminalInput;
  readonly output: Output;
  /** Called when the person presses Ctrl-C at a question. */
  readonly onInterrupt?: () => void;
}

/**
 * Creates the prompter of the terminal: one question at a time, on stderr, with everybody else kept off it meanwhile.
 * Ctrl-C or Ctrl-D gives up; after a Ctrl-C no further question is asked.
 */
export function createPrompter({ input, output, onInterrupt }: PrompterOptions): TextPrompter {
  const interactive = input.isTTY === true && output.stderr.isTerminal;
  let interrupted = false;
  let last: Promise<unknown> = Promise.resolve();
  const askNext = (question: string, echo: boolean): Promise<string | undefined> => {
    const answer = last.then(async () => {
      if (!interactive || interrupted) return undefined;
      const { text, byInterrupt } = await ask(question, { input, output, echo });
      if (byInterrupt) {
        interrupted = true;
        onInterrupt?.();
      }
      return text;
    });
    last = answer.catch(() => {});
    return answer;
  };
  const confirm = async (question: string): Promise<boolean> => {
    const word = (await askNext(question, true))?.trim().toLowerCase();
    if (word === undefined || word === 'yes' || word === 'no') return word === 'yes';
    // A `y`, or a slip of the finger, decides nothing of whom to trust.
    return confirm(question.startsWith(AGAIN) ? question : `${AGAIN}${question}`);
  };
  return {
    interactive,
    confirm,
    secret: (question) => askNext(question, false),
    ask: async (question, fallback) => {
      const text = await askNext(fallback === '' ? question : `${question} [${fallback}]`, true);
      return text?.trim() === '' ? fallback : text?.trim();
    },
  };
}

interface Question {
  readonly input: TerminalInput;
  readonly output: Output;
  readonly echo: boolean;
}

interface Answer {
  readonly text: string | undefined;
  readonly byInterrupt: boolean;
}

async function ask(question: string, { input, output, echo }: Question): Promise<Answer> {
  const release = output.hold();
  const { stream } = output.stderr;
  // Readline echoes to its output: for a secret that leads nowhere.
  const shown = echo ? stream : new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = `${escapeText(question).trimEnd()} `;
  const terminal = createInterface({ input, output: shown, terminal: true, historySize: 0, prompt });
  // Not before: until then the terminal itself would show what an early answer says.
  if (!echo) stream.write(prompt);
  try {
    const answer = await new Promise<Answer>((resolve) => {
      terminal.once('line', (text) => resolve({ text, byInterrupt: false }));
      terminal.once('SIGINT', () => resolve({ text: undefined, byInterrupt: true }));
      terminal.once('close', () => resolve({ text: undefined, byInterrupt: false }));
      if (echo) terminal.prompt();
    });
    if (!echo || answer.text === undefined) stream.write('\n');
    return answer;
  } finally {
    terminal.close();
    release();
  }
}
