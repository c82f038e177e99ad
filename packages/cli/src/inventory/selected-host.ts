import type { Problem } from '../config/problem.js';
import type { Target } from '../ssh/transport.js';
import type { TransportName } from '../ssh/transports.js';

/** One chosen host. */
export interface SelectedHost {
  readonly target: Target;
  /** Variables that the configuration gives this host; absent when there are none. */
  readonly env?: Readonly<Record<string, string>>;
  /** How the configuration says that it is reached; absent where it says nothing. */
  readonly transport?: TransportName;
  /** What an inventory says of it and cannot be done. */
  readonly problems?: readonly Problem[];
  /** The variables of an inventory that would change how it is reached, and are not followed. */
  readonly notFollowed?: readonly string[];
  /** Where it came from, for people: `-H`, `group web in outlast.yaml:7`, `hosts of app dashboard`. */
  readonly source: string;
}
