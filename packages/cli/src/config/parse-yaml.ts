import { LineCounter } from 'yaml';
import { composeDocument, type Report } from './compose-yaml.js';
import { convertDocument, type Offsets } from './convert-yaml.js';
import type { Place } from './place.js';
import type { Problem } from './problem.js';

/** A YAML document as plain values: mappings have no prototype. */
export interface ParsedYaml {
  /** Undefined when there are problems. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Finds where `path` is written: its key, or the item of a list; the nearest parent where it is not there. */
  findPlace(path: readonly PropertyKey[]): Place;
}

const MOST_PROBLEMS = 100;

/**
 * Parses one YAML 1.2 document with the core schema and nothing beyond it: no tags of its own, no merge keys, no
 * repeated keys, at most 50 levels, and aliases that stand for at most 10,000 values.
 *
 * @param file what places call the file.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const findOffset = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const report: Report = (offset, message) => {
    if (problems.length < MOST_PROBLEMS) problems.push({ place: findOffset(offset), message });
  };
  const offsets: Offsets = new WeakMap();
  const document = composeDocument(text, lines, report);
  const value = problems.length > 0 || document === undefined ? undefined : convertDocument(document, offsets, report);
  return {
    value: problems.length > 0 ? undefined : value,
    problems,
    findPlace: (path) => findOffset(findNearest(value, path, offsets)),
  };
}

function findNearest(root: unknown, path: readonly PropertyKey[], offsets: Offsets): number {
  let nearest = 0;
  let value = root;
  for (const key of path) {
    const offset = typeof value === 'object' && value !== null ? offsets.get(value)?.get(key) : undefined;
    if (offset === undefined) {
      return nearest;
    }
    nearest = offset;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return nearest;
}
