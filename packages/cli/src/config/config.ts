import type { Target } from '../ssh/transport.js';
import type { TransportName } from '../ssh/transports.js';
import type { Place } from './place.js';
import type { Problem } from './problem.js';
import type { AppSettings } from './schema.js';

/** A host of the configuration. */
export interface ConfiguredHost {
  /** Its name is the configured one. */
  readonly target: Target;
  readonly tags: readonly string[];
  /** Variables for every app on this host; without prototype. */
  readonly env: Readonly<Record<string, string>>;
  /** How it is reached; absent where its entry says nothing. */
  readonly transport?: TransportName;
  readonly place: Place;
  /** What an inventory says of it and cannot be done: it is not to be used. */
  readonly problems?: readonly Problem[];
  /** The variables of an inventory that would change how it is reached, and are not followed. */
  readonly notFollowed?: readonly string[];
}

/** A group of the configuration; every member is known. */
export interface ConfiguredGroup {
  /** Hosts, groups and `tag:…` as written, with ranges expanded. */
  readonly members: readonly string[];
  readonly place: Place;
}

/** An app of the configuration. */
export interface ConfiguredApp {
  /** Like a group's members; empty where the app names none. */
  readonly hosts: readonly string[];
  readonly settings: AppSettings;
  /** The absolute folder of the file; relative paths on this machine start there. */
  readonly folder: string;
  /** The absolute path of the file. */
  readonly file: string;
  readonly place: Place;
}

/** All configuration files merged, each name resolved and checked. */
export interface Config {
  /** The files that were read, as messages name them; the project's first. */
  readonly files: readonly string[];
  /** How hosts are reached that say nothing of their own; absent where no file says so. */
  readonly transport?: TransportName;
  readonly hosts: ReadonlyMap<string, ConfiguredHost>;
  readonly groups: ReadonlyMap<string, ConfiguredGroup>;
  readonly apps: ReadonlyMap<string, ConfiguredApp>;
}

/** What holds where there is no configuration file. */
export const EMPTY_CONFIG: Config = { files: [], hosts: new Map(), groups: new Map(), apps: new Map() };
