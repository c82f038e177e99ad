import { OutlastError } from '@outlast/core';
import { createDeferred } from '../ssh/deferred.js';
import type { FleetOutcome } from './outcome.js';

/** What a run is given to tell what becomes of it. */
export interface RunWatch<T> {
  /** Waits where somebody takes one outcome after the other. */
  onOutcome(outcome: FleetOutcome<T>): void | Promise<void>;
  /** Aborted when nobody wants further hosts to be begun. */
  readonly enough: AbortSignal;
}

interface Ready<T> {
  readonly outcome: FleetOutcome<T>;
  /** The reader has done with it. */
  taken(): void;
}

/**
 * A run over the hosts of a fleet. Awaited, it gives all outcomes in the order of the hosts. In `for await` it gives each as it is known, and
 * the loop sets the pace: another host takes the place of one only once the loop is done with its outcome. Leaving the loop begins no
 * further host, and waits for those that were begun.
 */
export class FleetRun<T> implements PromiseLike<readonly FleetOutcome<T>[]>, AsyncIterable<FleetOutcome<T>> {
  readonly #outcomes: Promise<readonly FleetOutcome<T>[]>;
  readonly #enough = new AbortController();
  readonly #ready: Ready<T>[] = [];
  #change = createDeferred<void>();
  #isRead = false;
  #isOver = false;

  constructor(begin: (watch: RunWatch<T>) => Promise<readonly FleetOutcome<T>[]>) {
    // Not before it is known whether a loop sets the pace.
    this.#outcomes = Promise.resolve().then(() =>
      begin({ onOutcome: (outcome) => this.#show(outcome), enough: this.#enough.signal }),
    );
    const end = (): void => {
      this.#isOver = true;
      this.#change.resolve();
    };
    this.#outcomes.then(end, end);
  }

  // biome-ignore lint/suspicious/noThenProperty: awaited it is all outcomes, and in a loop each of them
  then<A = readonly FleetOutcome<T>[], B = never>(
    onDone?: ((outcomes: readonly FleetOutcome<T>[]) => A | PromiseLike<A>) | null,
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#outcomes.then(onDone, onFailed);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<FleetOutcome<T>, void, undefined> {
    if (this.#isRead) throw new OutlastError('E_USAGE', 'a run is gone through once: await it for all its outcomes');
    this.#isRead = true;
    try {
      for (let next = await this.#next(); next !== undefined; next = await this.#next()) {
        try {
          yield next.outcome;
        } finally {
          next.taken();
        }
      }
      await this.#outcomes;
    } finally {
      this.#leave();
      await this.#outcomes.catch(() => undefined);
    }
  }

  #show(outcome: FleetOutcome<T>): void | Promise<void> {
    if (this.#enough.signal.aborted) return;
    const { promise, resolve } = createDeferred<void>();
    this.#ready.push({ outcome, taken: () => resolve() });
    this.#change.resolve();
    // A loop may begin later: what is known by then is kept for it, and has nobody to wait for.
    return this.#isRead ? promise : undefined;
  }

  async #next(): Promise<Ready<T> | undefined> {
    while (this.#ready.length === 0 && !this.#isOver) {
      await this.#change.promise;
      this.#change = createDeferred();
    }
    return this.#ready.shift();
  }

  #leave(): void {
    this.#enough.abort();
    for (const { taken } of this.#ready.splice(0)) taken();
  }
}
