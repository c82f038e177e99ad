import { parseAppName } from '@outlast/core';

/**
 * Checks the names of apps; each is taken once.
 *
 * @throws OutlastError `E_USAGE` with the rule that one of them breaks.
 */
export function parseAppNames(names: readonly string[]): string[] {
  return [...new Set(names.map(parseAppName))];
}
