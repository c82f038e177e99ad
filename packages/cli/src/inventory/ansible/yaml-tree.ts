import { escapeForMessage, quoteForMessage } from '@outlast/core';
import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type YAMLMap, type YAMLSeq } from 'yaml';
import { composeDocument, DEEPEST, NESTED_TOO_DEEP } from '../../config/compose-yaml.js';
import type { Place } from '../../config/place.js';
import type { Problem } from '../../config/problem.js';

/** A key of a mapping: where it stands, and what it leads to. */
export interface TreeEntry {
  readonly place: Place;
  readonly node: TreeNode;
}

/** A value of an Ansible YAML file; what aliases stand for is shared, not copied. */
export type TreeNode =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'vault' }
  | { readonly kind: 'list'; readonly items: readonly TreeNode[] }
  | { readonly kind: 'mapping'; readonly entries: ReadonlyMap<string, TreeEntry> };

/** What a file came to; with problems it is not to be used. */
export interface YamlTree {
  readonly root: TreeNode;
  readonly problems: readonly Problem[];
}

const EMPTY: TreeNode = { kind: 'empty' };
const MOST_PROBLEMS = 100;
const MOST_MERGED = 100_000;

/**
 * Parses one document as Ansible does: YAML 1.1 with merge keys (`<<`), `!vault` and `!unsafe`. Of a repeated key the last one
 * counts, and is told to `warn`. Refused are all other tags, the key `__proto__`, and over 50 levels.
 *
 * @param file what places call the file.
 */
export function parseYamlTree(text: string, file: string, warn: (message: string) => void): YamlTree {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const findPlace = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report = (offset: number, message: string): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ place: findPlace(offset), message });
  };
  const document = composeDocument(text, lines, report, 'ansible');
  const builder = new TreeBuilder({ findPlace, report, warn });
  const root = problems.length > 0 || document === undefined ? EMPTY : builder.build(document.contents, 0);
  return { root, problems };
}

interface TreeContext {
  findPlace(offset: number): Place;
  report(offset: number, message: string): void;
  warn(message: string): void;
}

class TreeBuilder {
  readonly #context: TreeContext;
  readonly #anchors = new Map<string, TreeNode>();
  #merged = 0;

  constructor(context: TreeContext) {
    this.#context = context;
  }

  build(node: unknown, depth: number): TreeNode {
    if (isAlias(node)) return this.#findAnchor(node);
    if ((isMap(node) || isSeq(node)) && depth >= DEEPEST) {
      this.#context.report(findStart(node), NESTED_TOO_DEEP);
      return EMPTY;
    }
    const built = isMap(node)
      ? this.#buildMap(node, depth)
      : isSeq(node)
        ? this.#buildList(node, depth)
        : buildScalar(node);
    // Known once it is complete, so that nothing can contain itself.
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, built);
    return built;
  }

  #findAnchor({ source, range }: Alias): TreeNode {
    const found = this.#anchors.get(source);
    if (found !== undefined) return found;
    this.#context.report(range?.[0] ?? 0, `there is no anchor &${escapeForMessage(source)} before this alias`);
    return EMPTY;
  }

  #buildList({ items }: YAMLSeq, depth: number): TreeNode {
    return { kind: 'list', items: items.map((item) => this.build(item, depth + 1)) };
  }

  // As PyYAML does it: what is merged in comes first, whatever stands where, and the mapping's own keys win.
  #buildMap({ items }: YAMLMap, depth: number): TreeNode {
    const entries = new Map<string, TreeEntry>();
    const own = new Set<string>();
    for (const { key, value } of items) {
      if (readKey(key) === '<<') this.#merge(entries, this.build(value, depth + 1), findStart(value));
    }
    for (const { key, value } of items) {
      const name = readKey(key);
      const offset = findStart(key);
      if (name === undefined) this.#context.report(offset, 'a key must be plain text');
      else if (name === '__proto__') this.#context.report(offset, 'the key `__proto__` is not allowed');
      else if (name !== '<<') {
        const place = this.#context.findPlace(offset);
        if (own.has(name)) this.#noteRepeated(name, place);
        own.add(name);
        entries.set(name, { place, node: this.build(value, depth + 1) });
      }
    }
    return { kind: 'mapping', entries };
  }

  // Of several mappings the first one wins.
  #merge(entries: Map<string, TreeEntry>, node: TreeNode, offset: number): void {
    const sources = node.kind === 'list' ? [...node.items].reverse() : [node];
    for (const source of sources) {
      if (source.kind !== 'mapping') {
        this.#context.report(offset, 'what `<<` merges in must be a mapping or a list of mappings');
        return;
      }
      this.#merged += source.entries.size;
      if (this.#merged > MOST_MERGED) {
        this.#context.report(offset, 'the merge keys expand to too much');
        return;
      }
      for (const [name, entry] of source.entries) entries.set(name, entry);
    }
  }

  #noteRepeated(name: string, { file, line }: Place): void {
    this.#context.warn(
      `${file}:${line}: the key ${quoteForMessage(name)} is written twice; the last one counts, as in Ansible`,
    );
  }
}

function buildScalar(node: unknown): TreeNode {
  if (!isScalar(node) || node.value === null || node.value === undefined) return EMPTY;
  if (node.tag === '!vault' || node.tag === '!vault-encrypted') return { kind: 'vault' };
  const { value, source } = node;
  // What is no whole number stays as it is written: 1.10 is a name rather than 1.1.
  const isWritten = typeof value !== 'string' && typeof value !== 'boolean' && !Number.isInteger(value) && source;
  return { kind: 'plain', text: isWritten ? (source ?? '') : String(value) };
}

function readKey(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}

function findStart(node: unknown): number {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? 0) : 0;
}
