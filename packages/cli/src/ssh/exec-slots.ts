import type { OutlastError } from '@outlast/core';

// sshd may read our close and the next open at once, before it has cleared the first away.
const TRIES_ALONE = 3;

// When a program ends, dropbear closes each channel of the connection in which nothing runs yet (its sesscheckclose, at least
// up to 2026): the next is not opened while one is leaving, unless what runs in that stays though nobody listens any more.
const CLOSES_THE_IDLE = /^dropbear_/;
const LEAVE_TIMEOUT_MS = 500;

/** Something that takes room until `freed` resolves. */
export interface Slot {
  readonly freed: Promise<unknown>;
  /** We have closed it, and the server may not have. */
  isClosing(): boolean;
}

/** The channels of a connection, as many at once as its server allows (MaxSessions). */
export interface ExecSlots {
  /** Opens a channel as soon as there is room. */
  open<T extends Slot>(start: () => Promise<T>): Promise<T>;
  /** Rejects all that wait, each with an error of its own. */
  fail(buildError: () => OutlastError): void;
}

/** What the server of the connection is like. */
export interface ExecSlotsOptions {
  isFull(error: unknown): boolean;
  /** As its banner names it. */
  readonly software: string;
}

interface Waiter {
  run(): void;
  reject(error: unknown): void;
}

/** Creates the slots of one connection to a server of this software. How many there are is learnt from the first error that `isFull` knows. */
export function createExecSlots({ isFull, software }: ExecSlotsOptions): ExecSlots {
  const waiting: Waiter[] = [];
  const open = new Set<Slot>();
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
    const leaving = CLOSES_THE_IDLE.test(software) ? [...open].filter((slot) => slot.isClosing()) : [];
    // Where there is nothing to wait for, what is asked for goes out with what was written just before.
    const started = leaving.length === 0 ? start() : awaitFreed(leaving).then(start);
    started.then(
      (slot) => {
        open.add(slot);
        slot.freed.finally(() => {
          open.delete(slot);
          release();
        });
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

function awaitFreed(slots: readonly Slot[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LEAVE_TIMEOUT_MS);
    Promise.all(slots.map((slot) => slot.freed)).finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
