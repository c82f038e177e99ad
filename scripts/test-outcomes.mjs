import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where below the root the reporter leaves what became of each test. */
export const OUTCOMES_FILE = join('.cache', 'test-outcomes.json');

/**
 * Reads what the reporter left; undefined when vitest did not come so far.
 *
 * @returns {{
 *   passed: number, failed: number, unhandledErrors: string[],
 *   skipped: { file: string, name: string, reason: string }[],
 *   notStarted: { name: string, reason: string }[],
 * } | undefined}
 */
export function readOutcomes(root) {
  const file = join(root, OUTCOMES_FILE);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Formats what was not run, each with its reason, and as the last line the count; a suite that could not start counts as failed. */
export function formatOutcomes({ passed, failed, skipped, notStarted }, failedChecks) {
  const lines = [];
  for (const [reason, tests] of groupByReason(skipped)) {
    lines.push(`skipped: ${reason}`, ...tests.map(({ file, name }) => `  ${file} > ${name}`));
  }
  for (const { name, reason } of notStarted) lines.push(`could not start: ${name}: ${reason}`);
  if (failedChecks.length > 0) lines.push(`checks that failed: ${failedChecks.join(', ')}`);
  lines.push(`tests: ${passed} passed, ${failed + notStarted.length} failed, ${skipped.length} skipped`);
  return `${lines.join('\n')}\n`;
}

/** Says whether the run was all well: something ran, nothing failed, and in CI nothing is missing. */
export function isAllWell({ passed, failed, skipped, notStarted, unhandledErrors }, failedChecks, isCi) {
  const broken = failed + notStarted.length + unhandledErrors.length + failedChecks.length;
  return passed > 0 && broken === 0 && !(isCi && skipped.length > 0);
}

function groupByReason(skipped) {
  const groups = new Map();
  for (const test of skipped) groups.set(test.reason, [...(groups.get(test.reason) ?? []), test]);
  return groups;
}
