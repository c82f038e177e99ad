import type { FollowEvent } from '@outlast/core';
import { createLineSplitter, type LineSplitter } from '../fleet/log-lines.js';
import { createUtf8Decoder, escapeText } from '../output/escape-terminal.js';
import { formatBytes } from '../output/format-bytes.js';
import { formatNdjson } from '../output/json.js';
import { createLogPrefixer, labelLog } from '../output/log-prefix.js';
import type { Context } from './context.js';
import type { FleetPlan } from './fleet-plan.js';
import type { FollowRequest } from './follow-logs.js';

/** Prints what followed logs do, each host's events in their order. */
export interface FollowPrinter {
  print(host: string, event: FollowEvent): Promise<void>;
}

/** Chooses among lines with and without their host and app in front, and one JSON object a line. */
export function createFollowPrinter(context: Context, plan: FleetPlan, request: FollowRequest): FollowPrinter {
  if (context.output.flags.ndjson) return createEventPrinter(context);
  const prefixed = createPrefixPrinter(context, plan, request);
  if (plan.selected > 1 || request.apps.length !== 1) return prefixed;
  const plain = createPlainPrinter(context, request);
  // Two streams of one app are told apart, too.
  const isOne = (event: FollowEvent) => event.stream === 'combined' || request.stream !== undefined;
  return { print: (host, event) => (isOne(event) ? plain : prefixed).print(host, event) };
}

/** One JSON object a line of the log. */
function createEventPrinter({ output }: Context): FollowPrinter {
  const splitters = new Map<string, LineSplitter>();
  return {
    async print(host, event) {
      if (event.kind !== 'data') {
        const { kind, ...source } = event;
        await output.data(formatNdjson({ host, ...source, event: kind }));
        return;
      }
      const { app, stream, bytes, offset } = event;
      const key = `${host}\0${labelLog(event)}`;
      const splitter = splitters.get(key) ?? createLineSplitter();
      splitters.set(key, splitter);
      const lines = splitter.push(bytes, offset).map((line) => formatNdjson({ host, app, stream, ...line }));
      await output.data(lines.join(''));
    },
  };
}

function createPrefixPrinter({ output }: Context, { hosts }: FleetPlan, { apps, raw }: FollowRequest): FollowPrinter {
  const sources = hosts.flatMap(({ target }) => apps.map((app) => ({ host: target.name, app })));
  const prefixer = createLogPrefixer({
    sources,
    palette: output.stdout.palette,
    escaped: output.stdout.isTerminal && !raw,
  });
  return {
    async print(host, event) {
      if (event.kind === 'data') await output.bytes(prefixer.push({ host, app: labelLog(event) }, event.bytes));
      else noteLoss(output, host, event);
    },
  };
}

function createPlainPrinter({ output }: Context, { raw }: FollowRequest): FollowPrinter {
  const decoder = createUtf8Decoder();
  const escaped = output.stdout.isTerminal && !raw;
  return {
    async print(host, event) {
      if (event.kind !== 'data') noteLoss(output, host, event);
      else if (escaped) await output.data(escapeText(decoder.decode(event.bytes)));
      else await output.bytes(event.bytes);
    },
  };
}

/** A rotation loses nothing; what a truncation has cut off, or was dropped with its archive, nobody can bring back. */
function noteLoss(output: Context['output'], host: string, event: FollowEvent): void {
  const log = `the log of ${labelLog(event)}`;
  if (event.kind === 'replaced')
    output.warn(`${host}: ${log} was replaced, and the old one is not beside it; its last lines may be missing`);
  if (event.kind === 'truncated') output.warn(`${host}: ${log} was truncated; lines may be missing`);
  if (event.kind === 'gap')
    output.warn(
      `${host}: ${formatBytes(event.missing)} of ${log} were dropped before they could be read; keep more archives`,
    );
}
