import { escapeForMessage, quoteForMessage } from '@outlast/core';
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { DEEPEST, NESTED_TOO_DEEP, type Report } from './compose-yaml.js';

/** Where the keys of each mapping and the items of each list begin. */
export type Offsets = WeakMap<object, Map<PropertyKey, number>>;

interface Conversion {
  readonly offsets: Offsets;
  readonly report: Report;
  readonly anchors: Map<string, unknown>;
  /** Over zero while what an alias stands for is converted. */
  aliasDepth: number;
  aliasedValues: number;
}

const MOST_ALIASED_VALUES = 10_000;

/** Converts a document to plain values; mappings have no prototype. Fills `offsets`. */
export function convertDocument(document: Document.Parsed, offsets: Offsets, report: Report): unknown {
  return convertNode({ offsets, report, anchors: new Map(), aliasDepth: 0, aliasedValues: 0 }, document.contents, 0);
}

function convertNode(conversion: Conversion, node: unknown, depth: number): unknown {
  if (isAlias(node)) {
    return convertAlias(conversion, node, depth);
  }
  if (conversion.aliasDepth > 0) {
    conversion.aliasedValues++;
  } else if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
    conversion.anchors.set(node.anchor, node);
  }
  if ((isMap(node) || isSeq(node)) && depth >= DEEPEST) {
    conversion.report(findStart(node), NESTED_TOO_DEEP);
    return null;
  }
  if (isMap(node)) return convertMap(conversion, node, depth);
  if (isSeq(node)) return convertList(conversion, node, depth);
  return isScalar(node) ? node.value : null;
}

// An anchor is known before its value is complete, so that an alias may stand for what it lies in: the depth ends that.
function convertAlias(conversion: Conversion, { source, range }: Alias, depth: number): unknown {
  const offset = range?.[0] ?? 0;
  if (!conversion.anchors.has(source)) {
    conversion.report(offset, `there is no anchor &${escapeForMessage(source)} before this alias`);
    return null;
  }
  if (depth >= DEEPEST || conversion.aliasedValues > MOST_ALIASED_VALUES) {
    conversion.report(offset, 'the aliases expand to too much');
    return null;
  }
  conversion.aliasDepth++;
  const value = convertNode(conversion, conversion.anchors.get(source), depth);
  conversion.aliasDepth--;
  return value;
}

function convertList(conversion: Conversion, node: YAMLSeq, depth: number): unknown[] {
  const list = node.items.map((item) => convertNode(conversion, item, depth + 1));
  conversion.offsets.set(list, new Map(node.items.map((item, index) => [index, findStart(item)])));
  return list;
}

function convertMap(conversion: Conversion, node: YAMLMap, depth: number): object {
  const mapping = Object.create(null) as Record<string, unknown>;
  const keys = new Map<PropertyKey, number>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) && typeof key.value === 'string' ? key.value : undefined;
    const refusal = refuseKey(name, keys);
    if (name === undefined || refusal !== undefined) {
      conversion.report(findStart(key), refusal ?? '');
    } else {
      keys.set(name, findStart(key));
      mapping[name] = convertNode(conversion, value, depth + 1);
    }
  }
  conversion.offsets.set(mapping, keys);
  return mapping;
}

function refuseKey(name: string | undefined, keys: ReadonlyMap<PropertyKey, number>): string | undefined {
  if (name === undefined) {
    return 'a key must be plain text';
  }
  if (name === '__proto__') {
    return 'the key `__proto__` is not allowed';
  }
  if (name === '<<') {
    return 'merge keys (`<<`) are not supported: write the settings out, or use an alias for a whole value';
  }
  return keys.has(name) ? `the key ${quoteForMessage(name)} is written twice` : undefined;
}

function findStart(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}
