import type { Target } from '../ssh/transport.js';

/** One chosen host. */
export interface SelectedHost {
  readonly target: Target;
  /** Variables that the configuration gives this host; absent when there are none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it came from, for people: `-H`, `group web in outlast.yaml:7`, `hosts of app dashboard`. */
  readonly source: string;
}
