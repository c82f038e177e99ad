import { type MeasureWidth, truncateToWidth } from './display-width.js';
import { formatDuration } from './format-duration.js';
import { formatHost } from './format-host.js';

/** From then on a host counts as slow. */
const SLOW_MS = 3_000;
const MOST_NAMED = 3;
const GAP = '  ';
/** With less of it, the numbers say more without. */
const SHORTEST_LABEL = 4;

/** What is under way, told in constant time however many hosts there are. */
export interface ProgressCount {
  /** A host is begun, at that time in milliseconds. */
  begin(host: string, atMs: number): void;
  /** A host is done, begun or not; `failed` where it counts as that. */
  end(host: string, failed: boolean): void;
  /** Formats how things stand: `3/12 hosts  1 failed  slow: web7 12s`, no wider than `limit` columns with the label. */
  format(nowMs: number, limit: number, measure: MeasureWidth): string;
}

/** Creates the count of so many hosts, told behind `label`. */
export function createProgressCount(label: string, total: number): ProgressCount {
  // A map keeps the order in which hosts were begun: the slowest stand first.
  const begun = new Map<string, number>();
  const count = { done: 0, failed: 0 };
  return {
    begin: (host, atMs) => void begun.set(host, atMs),
    end(host, failed) {
      begun.delete(host);
      count.done++;
      if (failed) count.failed++;
    },
    format(nowMs, limit, measure) {
      const failed = count.failed === 0 ? '' : `  ${count.failed} failed`;
      const numbers = `${count.done}/${total} hosts${failed}`;
      const slow = listSlow(begun, nowMs);
      // As many names as fit, none of them cut; one of them says more than the label.
      const lines = slow.map((_, index) => `${numbers}${GAP}slow: ${slow.slice(0, slow.length - index).join(', ')}`);
      const choices = [...lines.map((line) => label + GAP + line), ...lines.slice(-1)];
      return choices.find((line) => measure(line) <= limit) ?? formatHead(label, numbers, { limit, measure });
    },
  };
}

function listSlow(begun: ReadonlyMap<string, number>, nowMs: number): string[] {
  const slow: string[] = [];
  for (const [host, atMs] of begun) {
    if (slow.length === MOST_NAMED || nowMs - atMs < SLOW_MS) break;
    slow.push(`${formatHost(host)} ${formatDuration((nowMs - atMs) / 1_000)}`);
  }
  return slow;
}

function formatHead(
  label: string,
  numbers: string,
  { limit, measure }: { readonly limit: number; readonly measure: MeasureWidth },
): string {
  const room = limit - numbers.length - GAP.length;
  const head = room < SHORTEST_LABEL ? '' : truncateToWidth(label, room, measure) + GAP;
  return truncateToWidth(head + numbers, limit, measure);
}
