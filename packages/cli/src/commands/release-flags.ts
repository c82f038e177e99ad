import { type DeployOptions, parseDuration } from '@outlast/core';
import type { Command } from 'commander';
import { DEFAULT_SETTLE_MS } from '../fleet/defaults.js';
import { getLocalName } from '../fleet/local-name.js';
import { DEPLOYED_APP_ROWS } from '../output/row-shapes.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { addRowFlags } from './row-flags.js';

/** The flags that `deploy` and `rollback` share. */
export interface ReleaseFlags extends FleetFlags {
  readonly reason?: string;
  readonly wait?: number;
  readonly takeOver?: boolean;
  readonly settle?: number;
}

/** One host after another, and none after the first that fails, unless flags say otherwise. */
export const CAREFUL = { serial: { hosts: 1 }, maxFail: { hosts: 0 } } as const;

/** Declares the flags of a verb that puts one release in the place of another. */
export function addReleaseFlags(command: Command): void {
  command.option('--reason <text>', 'why, for whoever finds the app locked meanwhile, and for the history');
  command.option('--wait <duration>', 'for whoever is at it already', parseDuration);
  command.option('--take-over', 'end whoever is at it already');
  command.option('--settle <duration>', 'how long it has to live to count as started (1s)', parseDuration);
  addFleetFlags(command);
  addRowFlags(command, DEPLOYED_APP_ROWS);
}

/** The part of the flags that goes into the script. */
export function pickReleaseFlags({
  reason,
  wait,
  takeOver,
  settle,
}: ReleaseFlags): Pick<DeployOptions, 'by' | 'reason' | 'waitMs' | 'takeOver' | 'settleMs'> {
  return {
    by: getLocalName(),
    reason: reason ?? null,
    waitMs: wait ?? 0,
    takeOver: takeOver ?? false,
    settleMs: settle ?? DEFAULT_SETTLE_MS,
  };
}
