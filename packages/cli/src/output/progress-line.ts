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
  /** What is being done with a host at this moment, in ASCII; the newest is told in the place of slow hosts. */
  note(host: string, text: string): void;
  /** Nothing happens until that time in milliseconds, or until the next host is begun. */
  pause(untilMs: number): void;
  /** Formats how things stand: `3/12 hosts  1 failed  slow: web7 12s`, or `pausing 30s`, no wider than `limit` columns with the label. */
  format(nowMs: number, limit: number, measure: MeasureWidth): string;
}

/** Creates the count of so many hosts, told behind `label`. */
export function createProgressCount(label: string, total: number): ProgressCount {
  // A map keeps the order in which hosts were begun: the slowest stand first.
  const begun = new Map<string, number>();
  const count = { done: 0, failed: 0, pausedUntilMs: 0 };
  const noted = new Map<string, string>();
  return {
    begin(host, atMs) {
      begun.set(host, atMs);
      count.pausedUntilMs = 0;
    },
    pause(untilMs) {
      count.pausedUntilMs = untilMs;
    },
    note(host, text) {
      noted.delete(host);
      noted.set(host, text);
    },
    end(host, failed) {
      begun.delete(host);
      noted.delete(host);
      count.done++;
      if (failed) count.failed++;
    },
    format(nowMs, limit, measure) {
      const failed = count.failed === 0 ? '' : `  ${count.failed} failed`;
      const numbers = `${count.done}/${total} hosts${failed}`;
      const pause = count.pausedUntilMs - nowMs;
      const doing = [...noted].at(-1);
      const notes =
        pause > 0
          ? [`pausing ${formatDuration(pause / 1_000)}`]
          : doing === undefined
            ? describeSlow(listSlow(begun, nowMs))
            : [`${formatHost(doing[0])}: ${doing[1]}`, doing[1]];
      const lines = notes.map((note) => numbers + GAP + note);
      // One name says more than the label.
      const choices = [...lines.map((line) => label + GAP + line), ...lines.slice(-1)];
      return choices.find((line) => measure(line) <= limit) ?? formatHead(label, numbers, { limit, measure });
    },
  };
}

/** As many names as fit, none of them cut. */
function describeSlow(slow: readonly string[]): string[] {
  return slow.map((_, index) => `slow: ${slow.slice(0, slow.length - index).join(', ')}`);
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
