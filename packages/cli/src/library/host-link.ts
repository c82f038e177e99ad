import { type Operation, OutlastError } from '@outlast/core';
import { type CallLimit, startCallLimit } from '../fleet/call-limit.js';
import { HostSession } from '../fleet/host-session.js';
import { retryPassing } from '../fleet/reconnect.js';
import type { HostContext } from '../fleet/run-fleet.js';
import type { Connection, Target } from '../ssh/transport.js';
import { type CallOptions, checkMilliseconds } from './options.js';
import type { Reach } from './reach.js';

/** What a host is made of. */
export interface HostParts {
  readonly target: Target;
  readonly reach: Reach;
  readonly context: HostContext;
  /** Ends whatever is under way. */
  readonly signal?: AbortSignal | undefined;
  /** For each call that says nothing else. */
  readonly timeoutMs?: number | undefined;
  readonly connection?: Connection | undefined;
}

/** One host's connection, for any number of calls at the same time; a lost one is made anew. */
export class HostLink {
  readonly #parts: HostParts;
  readonly #closing = new AbortController();
  #connection: Connection | undefined;
  #calls = 0;
  /** What one call has given up while others were under way, which it may serve yet. */
  readonly #left = new Set<Connection>();

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#keep(parts.connection);
  }

  get name(): string {
    return this.#parts.target.name;
  }

  /** Who acts, as the host keeps it. */
  get by(): string {
    return this.#parts.reach.by;
  }

  /** Connects now rather than when it is first needed. */
  async open(): Promise<void> {
    const { reach, target } = this.#parts;
    await this.call({}, undefined, async ({ signal }) => {
      const transport = await reach.getTransport();
      const { connectTimeoutMs, retries } = reach;
      const connection = await retryPassing(retries, signal, () =>
        transport.connect(target, { connectTimeoutMs, signal }),
      );
      if (!this.#keep(connection)) await connection.close();
    });
  }

  /** Gives up what is under way, and gives the connection away. */
  release(): Connection | undefined {
    this.#closing.abort(
      new OutlastError('E_UNKNOWN_RESULT', `the connection to ${this.name} was closed by this program`),
    );
    const connection = this.#connection;
    this.#connection = undefined;
    return connection;
  }

  /** Runs an operation within a call. */
  ask<Options, Result>(limit: CallLimit, operation: Operation<Options, Result>, options: Options): Promise<Result> {
    return this.withSession(limit, (session) => session.run(operation, options));
  }

  /** Does what is to be over within a time, the first of the two that is given; it is given up when somebody aborts it. */
  async call<T>(
    { timeoutMs, signal }: CallOptions,
    usualMs: number | undefined,
    work: (limit: CallLimit) => Promise<T>,
  ): Promise<T> {
    checkMilliseconds('timeoutMs', timeoutMs);
    const signals = [this.#closing.signal, this.#parts.signal, signal];
    const ms = timeoutMs ?? this.#parts.timeoutMs ?? usualMs;
    const limit = startCallLimit(signals, { ms, flag: 'timeoutMs' });
    this.#calls++;
    try {
      return await work(limit);
    } finally {
      limit.end();
      this.#calls--;
      // After what took too long the link may be dead.
      if (limit.isTimedOut && this.#calls === 0) this.#leave(this.#connection);
      if (this.#calls === 0) await this.#closeLeft();
    }
  }

  /** Does something over the connection that there is, or over a new one, which is then kept. */
  async withSession<T>(limit: CallLimit, work: (session: HostSession) => Promise<T>): Promise<T> {
    const session = await this.createSession(limit, this.#connection);
    try {
      return await work(session);
    } finally {
      const connection = session.release();
      if (connection !== undefined && !this.#isShared(connection) && !this.#keep(connection)) await connection.close();
    }
  }

  /** A session of its own, and so a connection of its own unless it is given one. Whoever asks for it closes it. */
  async createSession({ signal }: CallLimit, connection?: Connection): Promise<HostSession> {
    const { reach, target, context } = this.#parts;
    const transport = await reach.getTransport();
    return new HostSession({
      transport,
      target,
      connectTimeoutMs: reach.connectTimeoutMs,
      retries: reach.retries,
      signal,
      context,
      connection,
      letGo: (left) => this.#letGo(left),
    });
  }

  /** Where there is none yet; false when it is not needed. */
  #keep(connection: Connection | undefined): boolean {
    if (connection === undefined || this.#connection !== undefined || this.#closing.signal.aborted) return false;
    this.#connection = connection;
    connection.closed.then(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    return true;
  }

  /** Other calls may be using it. */
  #isShared(connection: Connection): boolean {
    return connection === this.#connection || this.#left.has(connection);
  }

  /** Of the connection that all calls share, only the last of them closes it. */
  async #letGo(connection: Connection): Promise<void> {
    if (!this.#isShared(connection)) return connection.close();
    this.#leave(connection);
    if (this.#calls <= 1) await this.#closeLeft();
  }

  #leave(connection: Connection | undefined): void {
    if (connection === undefined) return;
    this.#left.add(connection);
    connection.closed.then(() => this.#left.delete(connection));
    if (this.#connection === connection) this.#connection = undefined;
  }

  async #closeLeft(): Promise<void> {
    const connections = [...this.#left];
    this.#left.clear();
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
