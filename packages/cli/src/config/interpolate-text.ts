import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';

/** The variables that are set where outlast runs. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?)-([^{}]*))?\}|\$\{/g;

/** What may come in place of references. */
export interface Replacement {
  readonly env: Environment;
  /** How many characters the text may then have. */
  readonly room: number;
}

/**
 * Puts the values of variables in place of `${NAME}`, `${NAME:-default}` (for one that is not set or empty) and
 * `${NAME-default}` (for one that is not set). `$${` is a literal `${`, and a `$` before anything else is itself.
 *
 * @throws OutlastError `E_CONFIG` for a variable that is not set, for any other `${`, and for what is too long; never
 *   shows a value.
 */
export function interpolateText(text: string, { env, room }: Replacement): string {
  let length = text.length;
  return text.replace(REFERENCE, (reference, name?: string, colon?: string, fallback?: string) => {
    if (name === undefined && reference !== '$${') throw refuseReference(text);
    const value = name === undefined ? '${' : findValue(name, env, { colon, fallback });
    length += value.length - reference.length;
    if (length > room) throw refuseLength();
    return value;
  });
}

interface Default {
  /** With it, a variable that is empty counts as one that is not set. */
  readonly colon: string | undefined;
  readonly fallback: string | undefined;
}

function findValue(name: string, env: Environment, { colon, fallback }: Default): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (fallback === undefined && value === undefined) throw refuseUnset(name, env);
  return value === undefined || (value === '' && colon === ':') ? (fallback ?? '') : value;
}

function refuseReference(text: string): OutlastError {
  return new OutlastError('E_CONFIG', `${quoteForMessage(text)} has a \${ that is no variable`, {
    hint: 'write ${NAME} or ${NAME:-default}, where the default has no braces, or $${ for a literal ${',
  });
}

function refuseLength(): OutlastError {
  return new OutlastError('E_CONFIG', 'the variables up to here come to more than 1 MiB', {
    hint: 'leave long texts to env_file or to secrets',
  });
}

function refuseUnset(name: string, env: Environment): OutlastError {
  const others = Object.keys(env).filter((other) => env[other] !== undefined);
  return new OutlastError('E_CONFIG', `the variable ${name} is not set${formatSuggestion(name, others)}`, {
    hint: `set it, or write \${${name}:-default}`,
  });
}
