import { addAbortSignal, type Readable } from 'node:stream';
import { buildExecScript, OutlastError } from '@outlast/core';
import type { Capture } from '../fleet/capture-output.js';
import type { Outcome } from '../fleet/outcome.js';
import { createProgramEndError, runProgram } from '../fleet/run-program.js';
import { readBytes } from '../input/read-bytes.js';
import { EXEC_ROWS } from '../output/row-shapes.js';
import type { ExecEnd } from '../ssh/transport.js';
import { checkArgv } from './app-spec.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { createExecSinks } from './exec-sinks.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { type FleetPlan, planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, streamOutcome } from './report-outcomes.js';
import { addRowFlags } from './row-flags.js';
import { runOverHosts } from './run-over-hosts.js';
import { SIGNAL_NUMBERS } from './signal-numbers.js';
import type { Verb } from './verb.js';

interface ExecFlags extends FleetFlags {
  readonly stdin?: boolean;
  readonly gather?: boolean;
  readonly raw?: boolean;
}

/** What a program came to on one host; the output only where it is printed as a document. */
type ExecValue = ExecEnd & { readonly output?: Capture | undefined };

/** Of the input that all hosts get. */
const MOST_INPUT = 256 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** `outlast exec -- argv…` */
export const execVerb: Verb = {
  configure(command) {
    command.usage('[flags] -- argv…');
    command.option('--stdin', 'pass our input on to the program');
    command.option('--gather', 'print equal outputs once, when all hosts are done');
    command.option('--raw', 'bytes as they are, even on a terminal');
    addFleetFlags(command);
    addRowFlags(command, EXEC_ROWS);
  },
  async run(context, _args, flags: ExecFlags) {
    if (context.argv === undefined)
      throw new OutlastError('E_USAGE', 'there is no program', {
        hint: 'write: outlast exec -H HOST -- PROGRAM ARGUMENTS',
      });
    checkExecFlags(flags);
    const argv = await checkArgv(context.argv);
    const plan = await planFleet(context, flags);
    const options = { argv, stdin: flags.stdin === true };
    const action = `run ${argv.join(' ')}`;
    if (
      await showPreview(context, plan, {
        action,
        buildScript: () => buildExecScript(options, { nonce: PREVIEW_NONCE }),
      })
    )
      return 0;
    const outcomes = await runEverywhere(context, plan, argv, flags);
    const single = plan.selected === 1;
    return reportOutcomes(context, outcomes, {
      toJson,
      format: async () => '',
      rows: { shape: EXEC_ROWS },
      // Of one host the exit code says it.
      ...(single ? {} : { explain: createProgramEndError }),
      resolveExit: (all) => resolveExecExit(context, all, single),
    });
  },
  combineExits(run) {
    const exit = combineExits(run);
    const [only, ...others] = run.outcomes;
    const { exitCode, signal } = (only ?? {}) as Partial<ExecEnd>;
    const single = exit === EXIT.failed && others.length === 0 && exitCode !== undefined;
    return single ? resolveEndExit({ exitCode, signal: signal ?? null }) : exit;
  },
};

/** Refuses what cannot both be had. */
function checkExecFlags(flags: ExecFlags): void {
  if (flags.gather && isDocument(flags))
    throw new OutlastError('E_USAGE', '--gather prints outputs for people, and a document has one a host', {
      hint: 'leave out --gather, or --json, --ndjson and --format',
    });
  if (flags.format === undefined && (flags.sort !== undefined || flags.wide))
    throw new OutlastError('E_USAGE', '--sort and --wide are about rows, which exec has with --format alone', {
      hint: "for example: --format '{host} {exitCode}' --sort exitCode",
    });
  if (flags.stdin && flags.hostsFile === '-')
    throw new OutlastError('E_USAGE', '--stdin and --hosts-file - both read stdin', {
      hint: 'give the hosts in a file of their own, or with -H',
    });
}

async function runEverywhere(
  context: Context,
  plan: FleetPlan,
  argv: readonly string[],
  flags: ExecFlags,
): Promise<Outcome<ExecValue>[]> {
  const stdin = flags.stdin ? await readInput(context, plan) : undefined;
  const sinks = createExecSinks(context, plan, { ...flags, capture: isDocument(flags) });
  const outcomes = await runOverHosts<ExecValue>(context, plan, {
    label: 'running',
    forReader: true,
    timeoutMs: undefined,
    work: async (session, { target }) => {
      const sink = sinks.open(target.name);
      try {
        const end = await runProgram(session, argv, { ...sink, ...(stdin === undefined ? {} : { stdin }) });
        return { ok: end.exitCode === 0, value: { ...end, output: sink.capture } };
      } finally {
        await sink.end?.();
      }
    },
    async onOutcome(outcome) {
      await streamOutcome(context, outcome, toJson);
      // It has been told, and nobody asks for it at the end.
      if (flags.ndjson) outcome.value?.output?.clear();
    },
  });
  await sinks.finish?.();
  return outcomes;
}

/** One host gets our input as it comes; several get a copy each, which has to be read first. */
async function readInput({ stdin, interrupt }: Context, { hosts }: FleetPlan): Promise<Readable | Uint8Array> {
  if (hosts.length === 1) return stdin as Readable;
  const input = await readBytes(addAbortSignal(interrupt, stdin as Readable), MOST_INPUT);
  if (input !== undefined) return input;
  throw new OutlastError('E_USAGE', `what comes in for several hosts is over ${MOST_INPUT / 1_048_576} MiB`, {
    hint: 'it is read whole before anything is sent: give it to one host at a time, which gets it as it comes',
  });
}

/** Where the output is part of what is printed at the end, rather than passed on as it comes. */
function isDocument({ json, ndjson, format }: FleetFlags): boolean {
  return json === true || ndjson === true || format !== undefined;
}

function toJson({ exitCode, signal, output }: ExecValue): Readonly<Record<string, unknown>> {
  const { stdout, stderr } = output?.read() ?? { stdout: NOTHING, stderr: NOTHING };
  return { exitCode, signal, ...describeBytes('stdout', stdout), ...describeBytes('stderr', stderr) };
}

function describeBytes(name: string, bytes: Buffer): Readonly<Record<string, unknown>> {
  const text = bytes.toString('utf8');
  const isUtf8 = Buffer.from(text, 'utf8').equals(bytes);
  return { [name]: text, ...(isUtf8 ? {} : { [`${name}Base64`]: bytes.toString('base64') }) };
}

/** On a single host the program's own end is passed through. */
export function resolveExecExit(context: Context, outcomes: readonly Outcome<ExecEnd>[], single: boolean): number {
  const code = resolveExit(context, outcomes);
  const [only] = outcomes;
  return code === EXIT.failed && single && only?.value !== undefined ? resolveEndExit(only.value) : code;
}

/** A signal as shells have it: 128 and its number. */
function resolveEndExit({ exitCode, signal }: ExecEnd): number {
  return exitCode ?? 128 + (SIGNAL_NUMBERS.get(signal ?? '') ?? 0);
}
