import type { OutlastError } from '@outlast/core';

// sshd may read our close and the next open at once, before it has cleared the first away.
const TRIES_ALONE = 3;

/** Something that takes room until `freed` resolves. */
export interface Slot {
  readonly freed: Promise<unknown>;
}

/** The channels of a connection, as many at once as its server allows (MaxSessions). */
export interface ExecSlots {
  /** Opens a channel as soon as there is room. */
  open<T extends Slot>(start: () => Promise<T>): Promise<T>;
  /** Rejects all that wait, each with an error of its own. */
  fail(buildError: () => OutlastError): void;
}

interface Waiter {
  run(): void;
  reject(error: unknown): void;
}

/** Creates the slots of one connection. How many there are is learnt from the first error that `isFull` knows. */
export function createExecSlots(isFull: (error: unknown) => boolean): ExecSlots {
  const waiting: Waiter[] = [];
  let used = 0;
  let room = Number.POSITIVE_INFINITY;

  const release = (): void => {
    used--;
    waiting.shift()?.run();
  };

  const begin = <T extends Slot>(start: () => Promise<T>, waiter: Waiter, resolve: (slot: T) => void): void => {
    if (used >= room) {
      waiting.push(waiter);
      return;
    }
    used++;
    start().then(
      (slot) => {
        slot.freed.finally(release);
        resolve(slot);
      },
      (error: unknown) => {
        if (isFull(error) && used > 1) {
          room = --used;
          waiting.push(waiter);
        } else {
          waiter.reject(error);
          release();
        }
      },
    );
  };

  return {
    open(start) {
      let tries = TRIES_ALONE;
      return new Promise((resolve, reject) => {
        const run = (): void => begin(start, waiter, resolve);
        const waiter: Waiter = {
          run,
          reject(error) {
            if (isFull(error) && --tries > 0) waiting.unshift(waiter);
            else reject(error);
          },
        };
        run();
      });
    },
    fail(buildError) {
      for (const waiter of waiting.splice(0)) waiter.reject(buildError());
    },
  };
}
