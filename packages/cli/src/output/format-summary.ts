import { classifyOutcome, OUTCOME_CLASSES, type Outcome } from '../fleet/outcome.js';
import type { Palette } from './colors.js';

/**
 * Formats how many hosts came to what, `1000 hosts: 990 ok, 4 failed, 6 unreachable`; empty where all of them are ok, and of a single host.
 * Ends with a newline unless it is empty.
 */
export function formatSummary(outcomes: readonly Omit<Outcome<unknown>, 'value'>[], palette: Palette): string {
  const classes = outcomes.map(classifyOutcome);
  if (classes.length < 2 || classes.every((each) => each === 'ok')) return '';
  const styles = {
    ok: palette.green,
    failed: palette.red,
    unreachable: palette.red,
    unknown: palette.yellow,
    skipped: palette.dim,
  };
  const counts = OUTCOME_CLASSES.flatMap((each) => {
    const count = classes.filter((one) => one === each).length;
    return count === 0 ? [] : [styles[each](`${count} ${each}`)];
  });
  return `${classes.length} hosts: ${counts.join(', ')}\n`;
}
