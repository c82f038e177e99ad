import { escapeForMessage, formatSuggestion, quoteForMessage } from '@outlast/core';
import type { core } from 'zod';

/** What the schema has against one place of the file. */
export interface SchemaProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The rule that the value breaks, where the message quotes the value. */
  readonly rule?: string;
}

type Issue = core.$ZodIssue;

/** More unknown keys than this in one place are no slip of the finger. */
const MOST_KEYS = 100;

const TYPE_NAMES = new Map([
  ['string', 'a string'],
  ['number', 'a whole number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['object', 'a mapping'],
  ['record', 'a mapping'],
  ['array', 'a list'],
  ['null', 'empty'],
]);

/** Turns the issues of the schema into one message a mistake, each naming the offending key. */
export function describeIssues(issues: readonly Issue[]): SchemaProblem[] {
  return issues.flatMap((issue) => describeIssue(issue));
}

/** Words a wrong type as the schema reports it; for the error map of a parse. Never shows the value. */
export function describeType(issue: core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') {
    return undefined;
  }
  const expected = `must be ${TYPE_NAMES.get(issue.expected) ?? issue.expected}`;
  const isUnquoted = issue.expected === 'string' && ['number', 'boolean'].includes(typeof issue.input);
  return isUnquoted ? `${expected}: put it in quotes` : expected;
}

/** Words a problem of a value that variables have made, which shows what is written and not the value. */
export function describeHidden({ path, message, rule }: SchemaProblem, written: string): string {
  const shown = quoteForMessage(written);
  return rule === undefined
    ? `${message} (it is written as ${shown})`
    : joinPath(path, `what ${shown} stands for is not valid here (${rule})`);
}

function describeIssue(issue: Issue): SchemaProblem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MOST_KEYS).map((key) => ({
        path: [...issue.path, key],
        message: `unknown key ${formatKey(key)}${formatSuggestion(key, issue.message.split(' '), '`')}`,
      }));
    case 'invalid_key':
      return [{ path: issue.path, message: issue.issues.map((inner) => inner.message).join('; ') }];
    case 'invalid_union':
      return describeUnion(issue);
    default: {
      const rule = issue.code === 'custom' ? issue.params?.rule : undefined;
      const message = joinPath(issue.path, describeRuleOf(issue));
      return [{ path: issue.path, message, ...(typeof rule === 'string' ? { rule } : {}) }];
    }
  }
}

// The branch that the writer had in mind is the one whose type fits.
function describeUnion(issue: Extract<Issue, { code: 'invalid_union' }>): SchemaProblem[] {
  const meant = issue.errors.find((branch) => !branch.some((inner) => inner.path.length === 0 && isTypeIssue(inner)));
  if (meant === undefined) {
    return [{ path: issue.path, message: joinPath(issue.path, issue.message) }];
  }
  return describeIssues(meant.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })));
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function describeRuleOf(issue: Issue): string {
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? 'must not be empty'
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be ${issue.values
        .map(String)
        .join(', ')
        .replace(/, ([^,]*)$/, ' or $1')}`;
    default:
      return issue.message;
  }
}

function joinPath(path: readonly PropertyKey[], rule: string): string {
  const subject = path.length === 0 ? 'the file' : `\`${escapeForMessage(path.map(String).join('.'))}\``;
  return /^(?:must|has) /.test(rule) ? `${subject} ${rule}` : `${subject}: ${rule}`;
}

function formatKey(key: string): string {
  return /^[ -~]+$/.test(key) && !key.includes('`') ? `\`${key}\`` : quoteForMessage(key);
}
