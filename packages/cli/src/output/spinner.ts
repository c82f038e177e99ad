import type { Ora } from 'ora';
import type { Output } from './streams.js';

/** A running count of hosts. */
export interface Progress {
  /** Says how many hosts are done. */
  update(done: number): void;
  /** Takes it off the terminal, for good. */
  stop(): void;
}

/** When the spinner shows. */
export interface ProgressOptions {
  /** `TERM` of the environment; a dumb terminal gets no spinner. */
  readonly term?: string | undefined;
  /** What is done within this time shows no spinner at all; 150 ms by default. */
  readonly delayMs?: number;
}

/**
 * Starts a spinner on stderr that counts hosts: `stopping dashboard  3/12 hosts`. Prints nothing at all where stderr is
 * no terminal, reports no width, or people asked for quiet.
 */
export function startProgress(output: Output, label: string, total: number, options: ProgressOptions = {}): Progress {
  const { term, delayMs = 150 } = options;
  // On a terminal of 0 columns ora counts endless lines.
  const canSpin = output.stderr.isTerminal && output.stderr.width > 0 && term !== 'dumb' && !output.flags.quiet;
  if (!canSpin) return { update: () => {}, stop: () => {} };
  const progress = new Spinner(output, (done) => `${label}  ${done}/${total} hosts`);
  const timer = setTimeout(() => void progress.show(), delayMs);
  return {
    update: (done) => progress.update(done),
    stop: () => {
      clearTimeout(timer);
      progress.stop();
    },
  };
}

class Spinner {
  readonly #output: Output;
  readonly #formatText: (done: number) => string;
  #done = 0;
  #stopped = false;
  #ora: Ora | undefined;
  #detach: (() => void) | undefined;

  constructor(output: Output, formatText: (done: number) => string) {
    this.#output = output;
    this.#formatText = formatText;
  }

  async show(): Promise<void> {
    const { default: ora } = await import('ora');
    if (this.#stopped) return;
    const { stream, palette } = this.#output.stderr;
    const spinner = ora({
      stream,
      text: this.#formatText(this.#done),
      color: palette.enabled ? 'cyan' : false,
      isEnabled: true,
      // Either would put handlers of its own on the signals of the process, or take Ctrl-C away from us.
      discardStdin: false,
      hideCursor: false,
    });
    this.#ora = spinner;
    this.#detach = this.#output.attach({ hide: () => hideSpinner(spinner), show: () => this.#start(spinner) });
  }

  update(done: number): void {
    this.#done = done;
    if (this.#ora) this.#ora.text = this.#formatText(done);
  }

  stop(): void {
    this.#stopped = true;
    this.#detach?.();
  }

  #start(spinner: Ora): void {
    // The terminal may have lost its width since.
    if (this.#output.stderr.width > 0) spinner.start();
  }
}

// A spinner that is not drawn would still move the cursor.
function hideSpinner(spinner: Ora): void {
  if (spinner.isSpinning) spinner.stop();
}
