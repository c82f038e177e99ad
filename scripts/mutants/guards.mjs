import { ADOPT_MUTANTS } from './guards/adopt.mjs';
import { CONFIGURATION_MUTANTS } from './guards/configuration.mjs';
import { CONNECTION_MUTANTS } from './guards/connection.mjs';
import { DEPLOY_MUTANTS } from './guards/deploy.mjs';
import { END_MUTANTS } from './guards/ends.mjs';
import { EXEC_MUTANTS } from './guards/exec.mjs';
import { FLEET_MUTANTS } from './guards/fleet.mjs';
import { IDENTITY_MUTANTS } from './guards/identity.mjs';
import { INVENTORY_MUTANTS } from './guards/inventory.mjs';
import { KNOWN_HOSTS_MUTANTS } from './guards/known-hosts.mjs';
import { LEASE_MUTANTS } from './guards/lease.mjs';
import { LIBRARY_MUTANTS } from './guards/library.mjs';
import { LINK_MUTANTS } from './guards/links.mjs';
import { LOG_MUTANTS } from './guards/logs.mjs';
import { OPENSSH_MUTANTS } from './guards/openssh.mjs';
import { OUTPUT_MUTANTS } from './guards/output.mjs';
import { RECORD_MUTANTS } from './guards/records.mjs';
import { REPORT_MUTANTS } from './guards/report.mjs';
import { REQUEST_MUTANTS } from './guards/requests.mjs';
import { SCRIPT_MUTANTS } from './guards/script.mjs';
import { SHARD_MUTANTS } from './guards/shards.mjs';
import { SSH_CONFIG_MUTANTS } from './guards/ssh-config.mjs';
import { START_MUTANTS } from './guards/start.mjs';
import { STOP_MUTANTS } from './guards/stop.mjs';
import { SUPERVISOR_MUTANTS } from './guards/supervisor.mjs';
import { TREE_MUTANTS } from './guards/tree.mjs';

/**
 * Every guard with the text that is taken out of `file`, what stands `instead`, and the one `test` (`file > its whole name`) that has
 * to fall then.
 */
export const MUTANTS = [
  ...FLEET_MUTANTS,
  ...IDENTITY_MUTANTS,
  ...TREE_MUTANTS,
  ...SSH_CONFIG_MUTANTS,
  ...START_MUTANTS,
  ...SUPERVISOR_MUTANTS,
  ...STOP_MUTANTS,
  ...RECORD_MUTANTS,
  ...SHARD_MUTANTS,
  ...REQUEST_MUTANTS,
  ...SCRIPT_MUTANTS,
  ...REPORT_MUTANTS,
  ...END_MUTANTS,
  ...ADOPT_MUTANTS,
  ...LOG_MUTANTS,
  ...LEASE_MUTANTS,
  ...KNOWN_HOSTS_MUTANTS,
  ...CONNECTION_MUTANTS,
  ...LIBRARY_MUTANTS,
  ...LINK_MUTANTS,
  ...OPENSSH_MUTANTS,
  ...CONFIGURATION_MUTANTS,
  ...OUTPUT_MUTANTS,
  ...EXEC_MUTANTS,
  ...INVENTORY_MUTANTS,
  ...DEPLOY_MUTANTS,
];
