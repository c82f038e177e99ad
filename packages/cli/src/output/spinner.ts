import type { Ora } from 'ora';
import { loadMeasure, type MeasureWidth } from './display-width.js';
import { createProgressCount, type ProgressCount } from './progress-line.js';
import type { Output } from './streams.js';

/** A running count of hosts. */
export interface Progress {
  /** Says that a host is begun. */
  begin(host: string): void;
  /** Says that a host is done, and whether it counts as failed. */
  end(host: string, failed: boolean): void;
  /** Says what is being done with a host at this moment. */
  note(host: string, text: string): void;
  /** Says that so many milliseconds pass before the next host is begun. */
  pause(ms: number): void;
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

/** The text is made anew so often, whatever happens meanwhile. */
const REFRESH_MS = 250;
/** What ora draws in front of the text, and a column that is left free: some terminals wrap in the last one. */
const SPINNER_WIDTH = 3;

/**
 * Starts a spinner on stderr that counts hosts and names the slow ones: `stopping dashboard  3/12 hosts  slow: web7 12s`, always in one line.
 * Prints nothing at all where stderr is no terminal, reports no width, or people asked for quiet.
 */
export function startProgress(output: Output, label: string, total: number, options: ProgressOptions = {}): Progress {
  const { term, delayMs = 150 } = options;
  // On a terminal of 0 columns ora counts endless lines.
  const canSpin = output.stderr.isTerminal && output.stderr.width > 0 && term !== 'dumb' && !output.flags.quiet;
  if (!canSpin) return { begin: () => {}, end: () => {}, note: () => {}, pause: () => {}, stop: () => {} };
  const count = createProgressCount(label, total);
  const spinner = new Spinner(output, count);
  const timer = setTimeout(() => void spinner.show(), delayMs);
  return {
    begin: (host) => count.begin(host, performance.now()),
    end: count.end,
    note: count.note,
    pause: (ms) => count.pause(performance.now() + ms),
    stop: () => {
      clearTimeout(timer);
      spinner.stop();
    },
  };
}

class Spinner {
  readonly #output: Output;
  readonly #count: ProgressCount;
  #stopped = false;
  #refresh: NodeJS.Timeout | undefined;
  #detach: (() => void) | undefined;

  constructor(output: Output, count: ProgressCount) {
    this.#output = output;
    this.#count = count;
  }

  async show(): Promise<void> {
    // Names of hosts may come that are not ASCII, and so does what is put where they are cut.
    const [{ default: ora }, measure] = await Promise.all([import('ora'), loadMeasure(['…'])]);
    if (this.#stopped) return;
    const { stream, palette } = this.#output.stderr;
    const spinner = ora({
      stream,
      text: this.#format(measure),
      color: palette.enabled ? 'cyan' : false,
      isEnabled: true,
      // Either would put handlers of its own on the signals of the process, or take Ctrl-C away from us.
      discardStdin: false,
      hideCursor: false,
    });
    this.#refresh = setInterval(() => {
      spinner.text = this.#format(measure);
    }, REFRESH_MS);
    this.#detach = this.#output.attach({ hide: () => hideSpinner(spinner), show: () => this.#start(spinner) });
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#refresh);
    this.#detach?.();
  }

  #format(measure: MeasureWidth): string {
    const limit = Math.max(1, this.#output.stderr.width - SPINNER_WIDTH);
    return this.#count.format(performance.now(), limit, measure);
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
