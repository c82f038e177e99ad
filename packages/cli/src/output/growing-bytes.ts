const FIRST_CAPACITY = 1024;

/** Bytes that come in chunks of any size, kept in one piece of memory: a thousand chunks of one byte cost no more than one of a thousand. */
export class GrowingBytes {
  #memory = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Keeps a copy of the chunk. */
  append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#memory.length) this.#grow(needed);
    this.#memory.set(chunk, this.#length);
    this.#length = needed;
  }

  /** Gives what has come, and begins anew. */
  take(): Buffer {
    const taken = this.#memory.subarray(0, this.#length);
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return taken;
  }

  // By a share of what there is, so that the copying stays linear.
  #grow(needed: number): void {
    const capacity = Math.max(FIRST_CAPACITY, needed, Math.ceil(this.#memory.length * 1.5));
    const memory = Buffer.allocUnsafeSlow(capacity);
    this.#memory.copy(memory, 0, 0, this.#length);
    this.#memory = memory;
  }
}
