import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The reason with which the demo is broken off from outside. */
export class Interruption extends Error {
  name = 'Interruption';

  /**
   * @param {string} message empty where nobody reads any more
   * @param {number} exitCode
   */
  constructor(message, exitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Turns Ctrl-C, TERM, HUP and a closed output into an abort, so that there is time to clean up. Only the first one
 * counts: npm passes on a Ctrl-C that the terminal has sent already.
 */
export function watchInterruption() {
  const controller = new AbortController();
  const onSignal = (name) => {
    controller.abort(new Interruption(`interrupted by ${name}: cleaned up`, 128 + constants.signals[name]));
  };
  const onClosed = () => controller.abort(new Interruption('', 1));
  for (const name of SIGNALS) process.on(name, onSignal);
  // It stays: what is written last may fail after we are done.
  process.stdout.on('error', onClosed);
  return {
    signal: controller.signal,
    stop() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

/** Waits for the abort of a signal. */
export function waitForAbort(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', resolve, { once: true });
  });
}
