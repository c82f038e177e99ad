import type { Duplex } from 'node:stream';
import { type Operation, OutlastError } from '@outlast/core';
import { isCode } from '../ssh/connect-errors.js';
import { openUnlessAborted } from '../ssh/lost-host.js';
import type { Connection, ExecChannel, ExecRequest, Target, Transport } from '../ssh/transport.js';
import { type Answer, collectReply, isLost, parseReply, type ReplyAnswer } from './answer.js';
import { explainSilence } from './explain-silence.js';
import { createNonce } from './nonce.js';
import { isPassing, retryPassing, waitForRetry } from './reconnect.js';
import type { HostContext } from './run-fleet.js';

/** The whole of what a login shell has to understand: the script itself comes over stdin. */
const SHELL_LINE = 'exec /bin/sh -s';

/** How often a lost answer is asked for again. */
const MAX_REPEATS = 2;

/** What a session is made of. */
export interface SessionOptions {
  readonly transport: Transport;
  readonly target: Target;
  /** As for the transport: undefined for what the ssh configuration says. */
  readonly connectTimeoutMs: number | undefined;
  /** So many times more a connection is tried that fails in a way that may pass; 0 unless given. */
  readonly retries?: number | undefined;
  /** Aborts what is under way; the reason is an OutlastError. */
  readonly signal: AbortSignal;
  readonly context: HostContext;
  /** A connection of an earlier session, to go on with; should it have died since, another one takes its place. */
  readonly connection?: Connection | undefined;
  /** Closes a connection that is given up, where others may be using it; it is closed at once unless given. */
  readonly letGo?: ((connection: Connection) => Promise<void>) | undefined;
}

/** A channel on which a script runs, and the word that marks the script's own lines. */
export interface ScriptChannel {
  readonly channel: ExecChannel;
  readonly nonce: string;
}

/** One host during one verb: connects when it is needed, and runs operations. */
export class HostSession {
  readonly #options: SessionOptions;
  #connection: Connection | undefined;
  /** The connection is that of an earlier session, and may have died without a word. */
  #isKept: boolean;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#connection = options.connection;
    this.#isKept = options.connection !== undefined;
  }

  /**
   * Runs an operation: the one place where build, exec and parse meet. Where the link was cut before the answer, what can be repeated is
   * asked again over a fresh one: the host knows by the request's id what became of it.
   *
   * @throws OutlastError `E_UNKNOWN_RESULT` when the answer of something that changes the host was lost; `E_CONNECTION_LOST`, `E_NO_SHELL`
   *   or what the host itself said otherwise.
   */
  async run<Options, Result>(operation: Operation<Options, Result>, options: Options): Promise<Result> {
    const mayRepeat = operation.repeatable === true || (this.#isKept && !operation.mutates);
    let answer = await this.#ask(operation, options);
    for (let repeats = 0; isLost(answer) && mayRepeat && repeats < MAX_REPEATS; repeats++) {
      const { signal } = this.#options;
      await this.close();
      await waitForRetry(repeats, signal);
      if (signal.aborted) break;
      answer = await this.#ask(operation, options).catch((error: unknown) => {
        if (isPassing(error)) return answer;
        throw this.explainSilence(true, answer);
      });
    }
    if (answer.reply.status === undefined) throw this.explainSilence(operation.mutates, answer);
    return parseReply(operation, answer.reply, options);
  }

  async #ask<Options, Result>(operation: Operation<Options, Result>, options: Options): Promise<ReplyAnswer> {
    const nonce = createNonce();
    const { channel } = await this.openScript(operation.build(options, { nonce }), nonce, operation.leased);
    try {
      const answer = await collectReply(channel, nonce, { leased: operation.leased });
      if (answer.reply.begun) this.markReached();
      return answer;
    } finally {
      channel.close();
    }
  }

  /**
   * Starts a script whose output the caller reads; `keepInput` leaves the channel's input open behind it. The channel closes when the
   * session is aborted.
   */
  async openScript(script: string, nonce: string, keepInput = false): Promise<ScriptChannel> {
    const { signal } = this.#options;
    const channel = await this.#begin({ line: SHELL_LINE, input: script });
    // A host that lets go before it has read everything says more in its answer than in this error.
    channel.stdin.on('error', () => undefined);
    const stop = () => channel.close();
    signal.addEventListener('abort', stop);
    channel.ended.then(() => signal.removeEventListener('abort', stop));
    if (!keepInput) channel.stdin.end();
    return { channel, nonce };
  }

  /**
   * Opens a TCP connection from the host on, over the connection that there is; the first one connects.
   *
   * @throws OutlastError as a transport does, and a connection as well.
   */
  async openTunnel(hostname: string, port: number): Promise<Duplex> {
    const { transport, target, connectTimeoutMs, signal } = this.#options;
    this.#connection ??= await transport.connect(target, { connectTimeoutMs, signal });
    return this.#connection.openTunnel(hostname, port);
  }

  /** Resolves once the connection that there is has ended; at once where there is none. */
  async whenLost(): Promise<void> {
    await this.#connection?.closed;
  }

  /** Aborted when the session is over, by an interrupt or its time limit. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** Whether there is a connection, be it a dead one that nobody has noticed. */
  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Closes the connection; the next operation makes a fresh one. */
  async close(): Promise<void> {
    const connection = this.release();
    if (connection === undefined) return;
    const { letGo } = this.#options;
    await (letGo === undefined ? connection.close() : letGo(connection));
  }

  /** Gives the connection away, for another session or to be closed. */
  release(): Connection | undefined {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#isKept = false;
    return connection;
  }

  /** Our script has begun there. */
  markReached(): void {
    this.#options.context.reached = true;
  }

  /** Our script has begun there. */
  get isReached(): boolean {
    return this.#options.context.reached;
  }

  /** An interrupt that comes before anything was sent leaves a host as it was, which is more than that nobody knows. */
  async #begin(request: ExecRequest): Promise<ExecChannel> {
    const { signal, context } = this.#options;
    try {
      signal.throwIfAborted();
      return await this.#exec(request);
    } catch (error) {
      const isStopped = isCode(error, 'E_UNKNOWN_RESULT') || isCode(error, 'E_OUTPUT');
      const isUnbegun = signal.aborted && !context.reached && isStopped;
      throw isUnbegun ? new OutlastError('E_SKIPPED', 'the run was interrupted before anything was sent') : error;
    }
  }

  /** Over the connection that there is; the first one connects. */
  async #exec(request: ExecRequest): Promise<ExecChannel> {
    if (this.#connection !== undefined) {
      try {
        return await openUnlessAborted(this.#connection.exec(request), this.signal);
      } catch (error) {
        // What a connection does not open any more has not run.
        if (!this.#isKept || !isCode(error, 'E_CONNECTION_LOST')) throw error;
        await this.close();
      }
    }
    const { transport, target, connectTimeoutMs, retries = 0, signal } = this.#options;
    // Nothing was run where a connection failed, so that trying again does nothing twice.
    const { connection, channel } = await retryPassing(retries, signal, () =>
      transport.connectAndExec(target, request, { connectTimeoutMs, signal }),
    );
    this.#connection = connection;
    return channel;
  }

  /** The error for a script whose answer is not whole. */
  explainSilence(mutates: boolean, answer: Answer): OutlastError {
    return explainSilence(this.signal, mutates, answer);
  }
}
