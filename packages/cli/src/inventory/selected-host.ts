import type { Target } from '../ssh/transport.js';
import type { TransportName } from '../ssh/transports.js';

/** One chosen host. */
export interface SelectedHost {
  readonly target: Target;
  /** Variables that the configuration gives this host; absent when there are none. */
  readonly env?: Readonly<Record<string, string>>;
  /** How the configuration says that it is reached; absent where it says nothing. */
  readonly transport?: TransportName;
  /** Where it came from, for people: `-H`, `group web in outlast.yaml:7`, `hosts of app dashboard`. */
  readonly source: string;
}
