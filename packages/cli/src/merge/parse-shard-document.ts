import { FINDING_LEVELS, OutlastError, quoteForMessage } from '@outlast/core';
import { z } from 'zod';
import { describeIssues, describeType } from '../config/describe-issues.js';
import { isJsonObject } from '../input/json-object.js';
import { MOST_SHARDS } from '../inventory/shard.js';
import { SCHEMA } from '../output/document.js';
import { findJsonError } from './find-json-error.js';

const end = { exitCode: z.int().min(0).max(255).nullable(), signal: z.string().nullable() };
const outcome = z.looseObject({
  host: z.string(),
  ok: z.boolean().nullable(),
  error: z.looseObject({ code: z.string() }).optional(),
  apps: z.array(z.looseObject(end)).optional(),
  exitCode: end.exitCode.optional(),
  signal: end.signal.optional(),
});
const finding = z.strictObject({
  check: z.string(),
  level: z.enum(FINDING_LEVELS),
  message: z.string(),
  remedy: z.string().nullable(),
});
const shape = {
  schema: z.literal(SCHEMA),
  verb: z.string(),
  shard: z
    .strictObject({
      index: z.int().min(1),
      count: z.int().min(1).max(MOST_SHARDS),
      exitCode: z.int().min(0).max(255),
    })
    .refine(({ index, count }) => index <= count, 'must have an index of at most its count'),
  ok: z.boolean(),
  outcomes: z.array(outcome),
  laptop: z.strictObject({ findings: z.array(finding) }).optional(),
};
const schema = z.strictObject(shape, {
  error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : describeType(issue)),
});

const PRINTED_AS_NDJSON = 'it was printed with --ndjson, and merge reads what --json prints';

/** The document of one shard of a run, each key in the place where its verb has put it. */
export type ShardDocument = z.output<typeof schema>;

/**
 * Reads the document that `--json --shard i/n` has printed.
 *
 * @throws OutlastError `E_USAGE` that says what is wrong, with `line:column` in front where it is in one place.
 */
export function parseShardDocument(text: string): ShardDocument {
  const value = parseJson(text);
  refuseOthers(value);
  const { error } = schema.safeParse(value, { error: describeType });
  if (error !== undefined) {
    const [first] = describeIssues(error.issues);
    throw refuse(`it is no document of this outlast: ${first?.message}`);
  }
  // As it was read: what zod gives has the keys in another order.
  return value as ShardDocument;
}

function parseJson(text: string): unknown {
  if (text.trim() === '') throw refuse('it is empty');
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (isNdjson(text)) throw refuse(PRINTED_AS_NDJSON);
    const offset = findJsonError(text) ?? text.length;
    const before = text.slice(0, offset);
    const lines = before.split('\n');
    const place = `${lines.length}:${(lines.at(-1) ?? '').length + 1}`;
    const [character] = text.slice(offset, offset + 2);
    const what = character === undefined ? 'it ends in the middle' : `${quoteForMessage(character)} is no JSON here`;
    throw new OutlastError('E_USAGE', `${place}: ${what}`, { cause });
  }
}

function isNdjson(text: string): boolean {
  const [first = ''] = text.split('\n', 1);
  try {
    return isOutcome(JSON.parse(first));
  } catch {
    return false;
  }
}

function isOutcome(value: unknown): boolean {
  return isJsonObject(value) && typeof value.host === 'string' && 'ok' in value;
}

/** What outlast prints as well, but what is not the document of a shard. */
function refuseOthers(value: unknown): void {
  const { schema, error, dryRun, shard } = isJsonObject(value) ? value : {};
  if (isOutcome(value)) throw refuse(PRINTED_AS_NDJSON);
  if (typeof schema !== 'string' || !schema.startsWith('outlast/')) throw refuse('it is no document of outlast');
  if (schema !== SCHEMA) throw refuse(`its schema is ${quoteForMessage(schema)}, and this outlast knows ${SCHEMA}`);
  if (isJsonObject(error)) throw refuse(`its run could not begin: ${String(error.message)}`);
  if (dryRun === true) throw refuse('it is of a --dry-run, and has no outcomes');
  if (shard === undefined) throw refuse('it is of a whole run: it has no shard');
}

function refuse(message: string): OutlastError {
  return new OutlastError('E_USAGE', message);
}
