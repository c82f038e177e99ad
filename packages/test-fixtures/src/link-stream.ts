import type { Socket } from 'node:net';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Gate } from './gate.js';
import { createGarbler, type StreamEnd, type StreamFaults } from './link-faults.js';

/** Beyond this the sender has to wait, as behind any full link. */
const MAX_WAITING_BYTES = 8 << 20;

/** What one direction of a connection is made of. */
export interface LinkStreamOptions {
  readonly from: Socket;
  readonly to: Socket;
  /** Closed while the link is frozen. */
  readonly gate: Gate;
  /** What is wrong at this moment. */
  faults(): StreamFaults;
  /** Told once so many bytes have arrived. */
  onEnd(end: StreamEnd): void;
}

type Item = { readonly dueMs: number; readonly bytes: Buffer; readonly counted: boolean } | Last;
interface Last {
  readonly dueMs: number;
  readonly last: 'end' | 'close';
}

/** One direction of a connection: takes what the sender sends and delivers it as the faults say. */
export class LinkStream {
  readonly #options: LinkStreamOptions;
  readonly #garble = createGarbler();
  readonly #waiting: Item[] = [];
  #waitingBytes = 0;
  #passed = 0;
  #busy = false;
  #muted = false;
  #reached: StreamEnd | undefined;

  constructor(options: LinkStreamOptions) {
    this.#options = options;
    const { preamble } = options.faults();
    if (preamble !== undefined) this.#add({ dueMs: 0, bytes: Buffer.from(preamble), counted: false });
    const { from } = options;
    from.on('data', (bytes: Buffer) => this.#add({ dueMs: this.#dueMs(), bytes, counted: true }));
    from.on('end', () => this.#add({ dueMs: this.#dueMs(), last: 'end' }));
    from.on('close', () => this.#add({ dueMs: this.#dueMs(), last: 'close' }));
  }

  /** How many bytes of the sender have arrived. */
  get passed(): number {
    return this.#passed;
  }

  /** Loses all that is still to come. */
  mute(): void {
    this.#muted = true;
  }

  /** Does what is due at this byte, for faults that are chosen when it has long passed. */
  check(): void {
    const { end } = this.#options.faults();
    if (end === undefined || end === this.#reached || this.#muted || this.#passed < end.at) return;
    this.#reached = end;
    this.#options.onEnd(end);
  }

  #dueMs(): number {
    return performance.now() + (this.#options.faults().delayMs ?? 0);
  }

  #add(item: Item): void {
    this.#waiting.push(item);
    if ('bytes' in item) this.#waitingBytes += item.bytes.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#options.from.pause();
    if (!this.#busy) void this.#deliverAll();
  }

  async #deliverAll(): Promise<void> {
    const { from, gate } = this.#options;
    this.#busy = true;
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      while (performance.now() < item.dueMs) await delay(Math.ceil(item.dueMs - performance.now()));
      if ('last' in item) await this.#finish(item);
      else {
        await this.#deliver(item);
        this.#waitingBytes -= item.bytes.length;
        if (this.#waitingBytes <= MAX_WAITING_BYTES && !gate.closed) from.resume();
      }
    }
    this.#busy = false;
  }

  async #finish({ last }: Last): Promise<void> {
    const { to, gate } = this.#options;
    if (gate.closed) await gate.opened();
    if (last === 'close') to.destroy();
    else if (!this.#muted) to.end();
  }

  async #deliver({ bytes, counted }: Exclude<Item, Last>): Promise<void> {
    const { to, gate } = this.#options;
    for (let rest = bytes; rest.length > 0; ) {
      if (gate.closed) await gate.opened();
      this.check();
      if (gate.closed) continue;
      if (this.#muted) return;
      const faults = this.#options.faults();
      const piece = rest.subarray(0, this.#measure(rest, faults, counted));
      rest = rest.subarray(piece.length);
      const spoilt = counted && faults.garbage ? this.#garble(piece, this.#passed, faults.garbage) : piece;
      if ((await write(to, spoilt)) && counted) this.#passed += piece.length;
      this.check();
      if (faults.dripMs !== undefined) await delay(faults.dripMs);
      else if (faults.fragmentBytes !== undefined) await nextTurn();
    }
  }

  /** How much of it goes out in one write. */
  #measure(rest: Buffer, { end, dripMs, fragmentBytes = rest.length }: StreamFaults, counted: boolean): number {
    const left = counted && end !== undefined && end !== this.#reached ? end.at - this.#passed : rest.length;
    return Math.min(rest.length, left, dripMs === undefined ? fragmentBytes : 1);
  }
}

/** Waits until the kernel has it; false when the receiver is gone. */
function write(to: Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => to.write(bytes, (error) => resolve(!error)));
}
