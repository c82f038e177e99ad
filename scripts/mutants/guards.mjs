import { ADOPT_MUTANTS } from './guards/adopt.mjs';
import { CONNECTION_MUTANTS } from './guards/connection.mjs';
import { END_MUTANTS } from './guards/ends.mjs';
import { IDENTITY_MUTANTS } from './guards/identity.mjs';
import { KNOWN_HOSTS_MUTANTS } from './guards/known-hosts.mjs';
import { LEASE_MUTANTS } from './guards/lease.mjs';
import { LINK_MUTANTS } from './guards/links.mjs';
import { LOG_MUTANTS } from './guards/logs.mjs';
import { OPENSSH_MUTANTS } from './guards/openssh.mjs';
import { OUTPUT_MUTANTS } from './guards/output.mjs';
import { RECORD_MUTANTS } from './guards/records.mjs';
import { REPORT_MUTANTS } from './guards/report.mjs';
import { REQUEST_MUTANTS } from './guards/requests.mjs';
import { SCRIPT_MUTANTS } from './guards/script.mjs';
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
  ...IDENTITY_MUTANTS,
  ...TREE_MUTANTS,
  ...SSH_CONFIG_MUTANTS,
  ...START_MUTANTS,
  ...SUPERVISOR_MUTANTS,
  ...STOP_MUTANTS,
  ...RECORD_MUTANTS,
  ...REQUEST_MUTANTS,
  ...SCRIPT_MUTANTS,
  ...REPORT_MUTANTS,
  ...END_MUTANTS,
  ...ADOPT_MUTANTS,
  ...LOG_MUTANTS,
  ...LEASE_MUTANTS,
  ...KNOWN_HOSTS_MUTANTS,
  ...CONNECTION_MUTANTS,
  ...LINK_MUTANTS,
  ...OPENSSH_MUTANTS,
  ...OUTPUT_MUTANTS,
];
