import { type Environment, interpolateText } from './interpolate-text.js';
import { describeRule } from './problem.js';

type Path = readonly PropertyKey[];

/** What became of the strings of a file in which variables stood. */
export interface Interpolation {
  readonly mistakes: readonly { readonly path: Path; readonly message: string }[];
  /** What is written at `path`, where it is not what stands there now. */
  findWritten(path: Path): WrittenText | undefined;
  /**
   * Turns the text at `path` into the number or the boolean that it spells, as if that had been written there; false
   * when it spells none, or is no text that came from a variable.
   */
  retype(path: Path): boolean;
}

/** A string of the file as it is written. */
export interface WrittenText {
  readonly text: string;
  /** Whether a variable in it was missing, so that there is nothing more to be said of it. */
  readonly isMistaken: boolean;
}

interface Walk {
  readonly env: Environment;
  readonly mistakes: { path: Path; message: string }[];
  readonly written: WeakMap<object, Map<PropertyKey, WrittenText>>;
  /** How many characters all variables together may still bring. */
  room: number;
}

const MOST_CHARACTERS = 1_048_576;
const MOST_MISTAKES = 100;

/** These lines are for a shell, which has variables of its own. */
const SHELL_LINES = [
  /^apps\0[^\0]*\0(?:run|setup(?:\0[0-9]+)?)$/,
  /^apps\0[^\0]*\0health\0exec$/,
  /^apps\0[^\0]*\0secrets\0[0-9]+\0command$/,
];

/**
 * Puts the values of variables into every string of a parsed file, in place: not into keys, and not into the shell lines
 * `run`, `setup`, `health.exec` and the `command` of a secret. What a variable brings is text and stays one, whatever YAML would make of it.
 */
export function interpolateValues(root: unknown, env: Environment): Interpolation {
  const walk: Walk = { env, mistakes: [], written: new WeakMap(), room: MOST_CHARACTERS };
  visitContainer(walk, root, []);
  const findWritten = (path: Path) => walk.written.get(findParent(root, path) ?? {})?.get(path.at(-1) ?? '');
  return {
    mistakes: walk.mistakes,
    findWritten,
    retype: (path) => {
      const parent = findParent(root, path);
      const key = path.at(-1);
      if (parent === undefined || key === undefined || findWritten(path) === undefined) return false;
      const value = spell(parent[key]);
      if (value !== undefined) parent[key] = value;
      return value !== undefined;
    },
  };
}

function visitContainer(walk: Walk, container: unknown, path: Path): void {
  if (!isContainer(container)) return;
  for (const name of Object.keys(container)) {
    const key = Array.isArray(container) ? Number(name) : name;
    const value = container[key];
    if (typeof value === 'string') replaceText(walk, { container, value, path: [...path, key] });
    else visitContainer(walk, value, [...path, key]);
  }
}

interface FoundText {
  readonly container: Record<PropertyKey, unknown>;
  readonly value: string;
  readonly path: Path;
}

function replaceText(walk: Walk, { container, value: text, path }: FoundText): void {
  const key = path.at(-1);
  if (key === undefined || !text.includes('${') || isShellLine(path)) return;
  const value = findReplacement(walk, text, path);
  if (value !== undefined) container[key] = value;
  const texts = walk.written.get(container) ?? new Map<PropertyKey, WrittenText>();
  walk.written.set(container, texts.set(key, { text, isMistaken: value === undefined }));
}

function findReplacement(walk: Walk, text: string, path: Path): string | undefined {
  if (walk.mistakes.length >= MOST_MISTAKES) return undefined;
  try {
    const value = interpolateText(text, walk);
    walk.room -= value.length;
    return value;
  } catch (error) {
    walk.mistakes.push({ path, message: describeRule(error) });
    return undefined;
  }
}

function isShellLine(path: Path): boolean {
  const joined = path.map(String).join('\0');
  return SHELL_LINES.some((pattern) => pattern.test(joined));
}

function findParent(root: unknown, path: Path): Record<PropertyKey, unknown> | undefined {
  let value = root;
  for (const key of path.slice(0, -1)) {
    if (!isContainer(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return isContainer(value) ? value : undefined;
}

function isContainer(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

function spell(value: unknown): number | boolean | undefined {
  if (value === 'true' || value === 'false') return value === 'true';
  return typeof value === 'string' && /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(value) ? Number(value) : undefined;
}
