import { type AppReport, type AppResult, type Operation, OutlastError, restart, start, stop } from '@outlast/core';
import { proveDetached } from '../fleet/prove-detached.js';
import { waitForEnd } from '../fleet/wait-for-end.js';
import { type Asked, completeOptions } from './asked.js';
import { checkArgv, type ExecOptions, type ExecResult, execProgram } from './exec.js';
import type { HostLink } from './host-link.js';
import type { CallOptions } from './options.js';
import {
  buildRestartOptions,
  buildStartOptions,
  pickStop,
  type RestartRequest,
  type StartRequest,
  type StopRequest,
} from './requests.js';

/** What an operation may take where nobody says how long, beyond its grace and settle times. */
const OPERATION_TIMEOUT_MS = 180_000;

/** One host: what is asked of it goes over one connection, several calls at the same time included. A lost one is made anew. */
export class Host {
  /** As it was written. */
  readonly name: string;
  readonly #link: HostLink;
  readonly #onClose: () => Promise<void>;

  constructor(link: HostLink, onClose: () => Promise<void> = async () => undefined) {
    this.name = link.name;
    this.#link = link;
    this.#onClose = onClose;
  }

  /**
   * Runs an operation of `@outlast/core`, or one of your own, and gives what it parses. Of several apps each has its own `error` there.
   * Who acts and the id of the request are filled in. Gives up after 3 minutes and the grace and settle times, unless `timeoutMs` is given.
   *
   * @throws OutlastError for what could not be done on this host at all; `E_UNKNOWN_RESULT` where nobody knows whether it was.
   */
  async run<Options, Result>(
    operation: Operation<Options, Result>,
    options: Asked<Options>,
    call: CallOptions = {},
  ): Promise<Result> {
    const complete = completeOptions(operation, options, this.#link.by);
    return this.#link.call(call, findTimeout(complete), (limit) => this.#link.ask(limit, operation, complete));
  }

  /**
   * Runs a program in the foreground until it ends, however long that takes. One that ends with something other than 0 is no error.
   *
   * @throws OutlastError `E_UNKNOWN_RESULT` when the connection was lost in the middle; what a sink throws.
   */
  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    checkArgv(argv);
    return this.#link.call(options, undefined, (limit) =>
      this.#link.withSession(limit, (session) => execProgram(session, argv, options)),
    );
  }

  /**
   * Starts an app detached, and looks at it over a second, fresh connection: only what is there then is detached. One that runs already
   * in the same way is left alone, with `changed` false.
   *
   * @throws OutlastError `E_START_FAILED` with its exit code and last lines when it ends within the settle time, `E_ALREADY_RUNNING` when
   *   it runs in another way, `E_NOT_DETACHED` when the second connection did not see it, and whatever else kept it from being started.
   */
  async start(app: string, request: StartRequest, call: CallOptions = {}): Promise<AppResult> {
    return this.#launch(start, buildStartOptions(app, request), call);
  }

  /**
   * Stops an app and starts it again, and proves it as `start` does. One that is not running is started.
   *
   * @throws OutlastError as `start` and `stop` do.
   */
  async restart(app: string, request: RestartRequest = {}, call: CallOptions = {}): Promise<AppResult> {
    return this.#launch(restart, buildRestartOptions(app, request), call);
  }

  /**
   * Stops the whole tree of an app: signal, grace period, KILL, and a look at what is left. One that is stopped already, or unknown, is left
   * alone, with `changed` false.
   *
   * @throws OutlastError `E_STOP_FAILED` when something of it is left, `E_ESCAPED` when something has left it before.
   */
  async stop(app: string, request: StopRequest = {}, call: CallOptions = {}): Promise<AppResult> {
    const [result] = await this.run(stop, { apps: [app], ...pickStop(request) }, call);
    return requireDone(result, app);
  }

  /**
   * Waits until an app has ended for good, however long that takes and however often the connection breaks: `exitCode` and `signal` say
   * how. The state of one that nobody knows is `unknown`.
   *
   * @throws OutlastError `E_TIMEOUT` once `timeoutMs` is over, which the app does not notice.
   */
  async wait(app: string, call: CallOptions = {}): Promise<AppReport> {
    const reports = await this.#link.call(call, undefined, (limit) =>
      this.#link.withSession(limit, (session) => waitForEnd(session, app, limit.signal)),
    );
    return reports[0] ?? fail(app);
  }

  /** Gives up what is under way, and closes the connection. What was started stays. */
  async close(): Promise<void> {
    await this.#link.release()?.close();
    await this.#onClose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #launch<Options extends { readonly app: string; readonly settleMs: number }>(
    operation: Operation<Options, AppResult>,
    options: Asked<Options>,
    call: CallOptions,
  ): Promise<AppResult> {
    const complete = completeOptions(operation, options, this.#link.by);
    return this.#link.call(call, findTimeout(complete), async (limit) => {
      const result = await this.#link.ask(limit, operation, complete);
      // A session of its own, and so a connection of its own, which goes with it.
      const fresh = await this.#link.createSession(limit);
      try {
        return requireDone(await proveDetached(fresh, result, new Set()), complete.app);
      } finally {
        await fresh.close();
      }
    });
  }
}

/** What the operation itself is going to wait for comes on top. */
function findTimeout(options: unknown): number {
  const { graceMs = 0, settleMs = 0 } = (options ?? {}) as { graceMs?: number; settleMs?: number };
  return OPERATION_TIMEOUT_MS + graceMs + settleMs;
}

function requireDone(result: AppResult | undefined, app: string): AppResult {
  if (result?.error !== undefined) throw result.error;
  return result ?? fail(app);
}

function fail(app: string): never {
  throw new OutlastError('E_PROTOCOL', `the host did not say what became of ${app}`);
}
