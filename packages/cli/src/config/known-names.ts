/** Names of hosts and groups that are known from elsewhere than the configuration. */
export interface KnownNames {
  readonly hosts: ReadonlyMap<string, unknown>;
  readonly groups: ReadonlyMap<string, unknown>;
}

/** Nothing from elsewhere. */
export const NO_NAMES: KnownNames = { hosts: new Map(), groups: new Map() };
