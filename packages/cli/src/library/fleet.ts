import { type Operation, OutlastError } from '@outlast/core';
import { startCallLimit } from '../fleet/call-limit.js';
import { readOpenFileLimit } from '../fleet/open-files.js';
import type { Finding } from '../fleet/outcome.js';
import { countHosts } from '../fleet/parallel.js';
import { type HostContext, runFleet } from '../fleet/run-fleet.js';
import { createProgramEndError } from '../fleet/run-program.js';
import { dropRepeated } from '../inventory/drop-repeated.js';
import { expandHostLists } from '../inventory/host-ranges.js';
import { parseHostSpec } from '../inventory/host-spec.js';
import type { SelectedHost } from '../inventory/selected-host.js';
import type { Asked } from './asked.js';
import { checkArgv, type ExecOptions, type ExecResult } from './exec.js';
import { FleetRun, type RunWatch } from './fleet-run.js';
import { Host } from './host.js';
import { HostLink } from './host-link.js';
import { KeptConnections } from './kept-connections.js';
import { type FleetOptions, type RunOptions, resolveRunOptions } from './options.js';
import { buildFinding, type FleetOutcome, toFleetOutcome } from './outcome.js';
import { createReach, type Reach } from './reach.js';

/** Many hosts: each has one outcome, and one that fails never stops the others, unless `maxFail` says so. */
export class Fleet {
  /** The hosts as they were written, ranges expanded, each once. */
  readonly hosts: readonly string[];
  readonly #selected: readonly SelectedHost[];
  readonly #options: FleetOptions;
  readonly #reach: Reach;
  readonly #kept = new KeptConnections();
  readonly #closing = new AbortController();

  /**
   * Takes what is written after `-H`: `web[01-12]`, `user@host:port`, aliases of the ssh configuration. Nothing is opened yet.
   *
   * @throws OutlastError `E_USAGE` for what is no host, and for options out of range.
   */
  constructor(hosts: string | readonly string[], options: FleetOptions = {}) {
    resolveRunOptions(options);
    const words = expandHostLists(typeof hosts === 'string' ? [hosts] : hosts);
    this.#selected = dropRepeated(words.map((word) => ({ target: parseHostSpec(word), source: 'the program' })));
    this.hosts = this.#selected.map(({ target }) => target.name);
    this.#options = options;
    this.#reach = createReach(options);
  }

  /**
   * Runs an operation of `@outlast/core`, or one of your own, on every host. Where an app has an error, so has its host. Who acts and the id of each
   * request are filled in.
   *
   * @throws OutlastError `E_USAGE` for options out of range; what becomes of a host is an outcome.
   */
  run<Options, Result>(
    operation: Operation<Options, Result>,
    options: Asked<Options>,
    how: RunOptions = {},
  ): FleetRun<Result> {
    return this.#begin((host) => host.run(operation, options).then(buildFinding), how);
  }

  /** Runs a program in the foreground of every host; a host where it ends with something other than 0 is not ok, with `E_EXEC_FAILED`. */
  exec(
    argv: readonly string[],
    { stdin, ...how }: RunOptions & { readonly stdin?: Exclude<ExecOptions['stdin'], NodeJS.ReadableStream> } = {},
  ): FleetRun<ExecResult> {
    checkArgv(argv);
    return this.#begin(async (host) => judgeProgram(await host.exec(argv, { stdin })), how);
  }

  /**
   * Does something of your own with every host, several steps if need be, over one connection. What it gives is the value of the outcome;
   * what it throws is the error, wrapped in `E_CALLBACK` where it is no OutlastError.
   */
  each<T>(work: (host: Host) => Promise<T>, how: RunOptions = {}): FleetRun<T> {
    return this.#begin(async (host) => ({ ok: true, value: await callBack(work, host) }), how);
  }

  /** Gives up what is under way, and closes all connections. What was started stays. */
  async close(): Promise<void> {
    this.#closing.abort(new OutlastError('E_UNKNOWN_RESULT', 'the fleet was closed by this program'));
    await this.#kept.close();
    await this.#reach.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #begin<T>(work: (host: Host) => Promise<Finding<T>>, how: RunOptions): FleetRun<T> {
    const options = { ...this.#options, ...how };
    resolveRunOptions(options);
    return new FleetRun((watch) => this.#runAll(work, options, watch));
  }

  async #runAll<T>(
    work: (host: Host) => Promise<Finding<T>>,
    options: RunOptions,
    { onOutcome, enough }: RunWatch<T>,
  ): Promise<readonly FleetOutcome<T>[]> {
    const run = startCallLimit([this.#closing.signal, options.signal]);
    const further = startCallLimit([run.signal, enough]);
    try {
      const { parallel, ...course } = resolveRunOptions(options);
      const possible = countHosts(await readOpenFileLimit(), [this.#reach.transport]);
      const outcomes = await runFleet<T>(
        this.#selected,
        (host, context) => this.#workOn(host, context, { work, signal: run.signal, timeoutMs: options.timeoutMs }),
        {
          ...course,
          parallel: Math.max(1, Math.min(parallel, possible)),
          interrupt: further.signal,
          onOutcome: (outcome) => onOutcome(toFleetOutcome(outcome)),
        },
      );
      return outcomes.map(toFleetOutcome);
    } finally {
      run.end();
      further.end();
    }
  }

  async #workOn<T>(
    { target }: SelectedHost,
    context: HostContext,
    { work, signal, timeoutMs }: HostWork<T>,
  ): Promise<Finding<T>> {
    const limit = startCallLimit([signal], { ms: timeoutMs, flag: 'timeoutMs' });
    const { keep = false } = this.#options;
    const connection = keep ? this.#kept.take(target.name) : undefined;
    const link = new HostLink({ target, reach: this.#reach, context, signal: limit.signal, timeoutMs, connection });
    let isDone = false;
    try {
      const finding = await work(new Host(link));
      isDone = true;
      return finding;
    } finally {
      limit.end();
      const left = link.release();
      // After something that was given up half-way, nobody knows what state it is in.
      if (left !== undefined && keep && isDone && !this.#closing.signal.aborted)
        await this.#kept.keep(target.name, left);
      else await left?.close();
    }
  }
}

interface HostWork<T> {
  work(host: Host): Promise<Finding<T>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
}

function judgeProgram(value: ExecResult): Finding<ExecResult> {
  return value.exitCode === 0 ? { ok: true, value } : { ok: false, value, error: createProgramEndError(value) };
}

async function callBack<T>(work: (host: Host) => Promise<T>, host: Host): Promise<T> {
  try {
    return await work(host);
  } catch (thrown) {
    if (thrown instanceof OutlastError) throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new OutlastError('E_CALLBACK', message, { cause: thrown });
  }
}
