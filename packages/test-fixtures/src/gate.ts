/** Something that holds up whoever comes while it is closed. */
export interface Gate {
  readonly closed: boolean;
  close(): void;
  open(): void;
  /** Resolves when it is opened the next time. */
  opened(): Promise<void>;
}

/** Creates an open gate. */
export function createGate(): Gate {
  let closed = false;
  let waiting: (() => void)[] = [];
  return {
    get closed() {
      return closed;
    },
    close() {
      closed = true;
    },
    open() {
      closed = false;
      const held = waiting;
      waiting = [];
      for (const goOn of held) goOn();
    },
    opened: () => new Promise((resolve) => waiting.push(resolve)),
  };
}
