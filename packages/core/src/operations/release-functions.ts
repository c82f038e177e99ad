import { ACTIVATE_FUNCTIONS } from '../deploy/activate-release.js';
import { FALL_BACK_FUNCTIONS } from '../deploy/fall-back.js';
import { DEPLOY_LAYOUT_FUNCTIONS } from '../deploy/layout.js';
import { LOCK_FUNCTIONS } from '../deploy/lock.js';
import { DATA_FUNCTIONS } from '../deploy/receive-data.js';
import { RECOVER_FUNCTIONS } from '../deploy/recover-release.js';
import { SWITCH_FUNCTIONS } from '../deploy/switch-release.js';
import { LAUNCHER_FUNCTIONS } from '../lifecycle/launcher.js';
import { LOGOUT_FUNCTIONS } from '../lifecycle/logout.js';
import { COPY_RUN_FILE_FUNCTIONS } from '../lifecycle/run-files.js';
import { START_FUNCTIONS } from '../lifecycle/start-app.js';
import { STOPPING_FUNCTIONS } from './stop.js';

/** Defines functions once it is called. */
export function nestFunctions(name: string, functions: string): string {
  return `${name}() {\n${functions}\n}`;
}

/** The functions of scripts that put one release in the place of another. */
export const RELEASE_FUNCTIONS: readonly string[] = [
  ...STOPPING_FUNCTIONS,
  LOGOUT_FUNCTIONS,
  LAUNCHER_FUNCTIONS,
  START_FUNCTIONS,
  DEPLOY_LAYOUT_FUNCTIONS,
  LOCK_FUNCTIONS,
  SWITCH_FUNCTIONS,
  DATA_FUNCTIONS,
  ACTIVATE_FUNCTIONS,
  FALL_BACK_FUNCTIONS,
  RECOVER_FUNCTIONS,
  nestFunctions('use_recorded_files', COPY_RUN_FILE_FUNCTIONS),
];
