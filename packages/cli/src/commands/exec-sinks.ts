import { OutlastError } from '@outlast/core';
import { type Capture, createCapture, createCaptureRoom } from '../fleet/capture-output.js';
import type { ProgramStreams } from '../fleet/run-program.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { createOutputGatherer } from '../output/gathered-outputs.js';
import { createLogPrefixer } from '../output/log-prefix.js';
import { printGathered } from '../output/print-gathered.js';
import type { Output } from '../output/streams.js';
import type { Context } from './context.js';
import type { FleetPlan } from './fleet-plan.js';

/** Where the output of one host's program goes. */
export interface ExecSink extends Omit<ProgramStreams, 'stdin'> {
  /** Has to be called however the program ended: prints or keeps what was held back. */
  end?(): Promise<void> | void;
  /** What the program printed, where it is printed as a document. */
  readonly capture?: Capture;
}

/** Where the output of all hosts goes. */
export interface ExecSinks {
  open(host: string): ExecSink;
  /** Prints what has waited for all hosts. */
  finish?(): Promise<void>;
}

/** The flags that choose among them. */
export interface ExecSinkFlags {
  /** The output becomes part of what is printed at the end. */
  readonly capture: boolean;
  readonly gather?: boolean;
  readonly raw?: boolean;
}

/** Passes one host's output on as it is, that of several with the host before each line; gathers or captures it where that is asked for. */
export function createExecSinks({ output }: Context, { hosts, selected }: FleetPlan, flags: ExecSinkFlags): ExecSinks {
  const raw = flags.raw === true;
  const names = hosts.map(({ target }) => target.name);
  if (flags.capture) return createCapturingSinks(output.flags.ndjson === true);
  if (flags.gather) return createGatheringSinks(output, names, raw);
  return selected === 1 ? { open: () => createPlainSink(output, raw) } : createPrefixingSinks(output, names, raw);
}

/** All hosts share the room of one document, or have one each. */
function createCapturingSinks(isDocumentEach: boolean): ExecSinks {
  const shared = createCaptureRoom();
  return {
    open() {
      const capture = createCapture(isDocumentEach ? createCaptureRoom() : shared);
      return { stdout: capture.stdout, stderr: capture.stderr, capture };
    },
  };
}

function createGatheringSinks(output: Output, names: readonly string[], raw: boolean): ExecSinks {
  const gatherer = createOutputGatherer(createGatherLimitError);
  return {
    finish: () => printGathered(output, gatherer, { order: names, raw }),
    open(host) {
      const streams = { stdout: gatherer.stdout.open(host), stderr: gatherer.stderr.open(host) };
      const append = (name: keyof typeof streams) => (chunk: Uint8Array) => {
        try {
          streams[name].append(chunk);
        } catch (error) {
          // Half an output would stand there as if it were one, and take the room of the others.
          for (const stream of Object.values(streams)) stream.drop();
          throw error;
        }
      };
      const end = () => {
        for (const stream of Object.values(streams)) stream.end();
      };
      return { stdout: append('stdout'), stderr: append('stderr'), end };
    },
  };
}

function createGatherLimitError(limit: number): OutlastError {
  return new OutlastError('E_PROTOCOL', `the outputs to be gathered came to more than ${limit / 1_048_576} MiB`, {
    hint: 'without --gather the output is passed on as it comes, whatever its size',
  });
}

function createPrefixingSinks(output: Output, names: readonly string[], raw: boolean): ExecSinks {
  const sources = names.map((host) => ({ host, app: '' }));
  const { isTerminal, palette } = output.stdout;
  const stdout = createLogPrefixer({ sources, palette, escaped: isTerminal && !raw });
  const stderr = createLogPrefixer({
    sources,
    palette: output.stderr.palette,
    escaped: output.stderr.isTerminal && !raw,
  });
  return {
    open(host) {
      const source = { host, app: '' };
      return {
        stdout: (chunk) => output.bytes(stdout.push(source, chunk)),
        stderr: (chunk) => output.foreign(stderr.push(source, chunk)),
        async end() {
          await output.bytes(stdout.end(source));
          await output.foreign(stderr.end(source));
        },
      };
    },
  };
}

function createPlainSink(output: Output, raw: boolean): ExecSink {
  const decoder = createUtf8Decoder();
  const errors = createUtf8Decoder();
  const escaped = output.stdout.isTerminal && !raw;
  const escapesErrors = output.stderr.isTerminal && !raw;
  return {
    stdout: (chunk) => (escaped ? output.data(escapeText(decoder.decode(chunk))) : output.bytes(chunk)),
    stderr: (chunk) => output.foreign(escapesErrors ? escapeText(errors.decode(chunk)) : chunk),
    async end() {
      if (escaped) await output.data(escapeText(decoder.end()));
      if (escapesErrors) await output.foreign(escapeText(errors.end()));
    },
  };
}
