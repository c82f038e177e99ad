import { parseAppName } from '@outlast/core';

/**
 * Checks the names of apps; each is taken once.
 *
 * @throws OutlastError `E_USAGE` with the rule that one of them breaks.
 */
export function parseAppNames(names: readonly string[]): string[] {
  return [...new Set(names.map(parseAppName))];
}

/** So many names are told of what there is. */
const MANY = 8;

/** Which apps the configuration has, for whoever has named another one: `it has api, web`. */
export function describeKnown(names: readonly string[]): string {
  return `it has ${names.slice(0, MANY).join(', ')}${names.length > MANY ? ', …' : ''}`;
}
