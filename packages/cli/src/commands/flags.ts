import { OutlastError, parseDuration, quoteForMessage } from '@outlast/core';
import { type Command, Option } from 'commander';
import { type HostShare, parseBatchSize, parseHostShare } from '../fleet/failure-budget.js';
import { parseHostUser } from '../inventory/host-spec.js';
import { parseShard, type Shard } from '../inventory/shard.js';
import type { OutputFlags } from '../output/streams.js';
import { parseJumpChain } from '../ssh/configuration/destination.js';
import type { SshOptions } from '../ssh/transport.js';
import { TRANSPORTS, type TransportName } from '../ssh/transports.js';

/** The flags that every verb on hosts takes, as commander leaves them. */
export interface FleetFlags extends OutputFlags {
  readonly host?: readonly string[];
  readonly group?: readonly string[];
  readonly all?: boolean;
  readonly exclude?: readonly string[];
  readonly limit?: readonly string[];
  readonly hostsFile?: string;
  readonly shard?: Shard;
  readonly inventory?: readonly string[];
  readonly config?: string;
  readonly sshConfig?: string;
  readonly login?: string;
  readonly identity?: readonly string[];
  readonly jump?: string;
  readonly option?: readonly string[];
  readonly transport?: TransportName;
  readonly parallel?: number;
  readonly serial?: HostShare;
  readonly pause?: number;
  readonly ask?: boolean;
  readonly maxFail?: HostShare;
  readonly maxAuthFail?: number;
  readonly retry?: number;
  readonly retryFailed?: boolean;
  readonly connectTimeout?: number;
  readonly timeout?: number;
  readonly dryRun?: boolean;
  readonly printScript?: boolean;
}

/** Declares the flags that say how a verb prints. */
export function addOutputFlags(command: Command): void {
  command
    .option('--json', 'print one JSON document')
    .addOption(new Option('--ndjson', 'print one JSON event a line as it happens').conflicts('json'))
    .option('-q, --quiet', 'no notes on stderr')
    .option('-v, --verbose', 'show causes and stacks of errors')
    .addOption(new Option('--color', 'colour even off a terminal').hideHelp())
    .option('--no-color', 'no colour');
}

/** Declares the flags that choose hosts and say how they are reached and gone through. */
export function addFleetFlags(command: Command): void {
  addHostFlags(command);
  command
    .option('-P, --parallel <n>', 'hosts at the same time (32 a processor, at most 128)', parseCount)
    .option('--serial <n|n%>', 'one batch of hosts after another', parseBatchSize)
    .option('--pause <duration>', 'between two batches', parseDuration)
    .option('--ask', 'ask before each further batch')
    .option('--max-fail <n|n%>', 'stop after more failures than that', parseHostShare)
    .option('--max-auth-fail <n>', 'stop after so many hosts in a row refuse the same login (10)', parseCount)
    .option('--retry <n>', 'connect so many times more where it fails, but for host keys and logins (0)', parseWhole)
    .option('--retry-failed', "only the hosts that were not ok in this verb's last run")
    .option('--connect-timeout <duration>', 'first dial to authenticated (ConnectTimeout of ssh, else 10s)', parseLimit)
    .option('--timeout <duration>', 'all that is done with one host', parseLimit)
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--print-script', 'print the script that would be sent, and do nothing');
  addOutputFlags(command);
}

/** Declares the flags that choose hosts and say how they are reached. */
export function addHostFlags(command: Command): void {
  command
    .option('-H, --host <host>', 'host, list or range: web1,web[01-12], user@host:port', collect)
    .option('-g, --group <group>', 'group of the configuration, or tag:NAME', collect)
    .option('-a, --all', 'all hosts of the configuration')
    .option('-x, --exclude <host>', 'not this host, range or group', collect)
    .option('--limit <host>', 'of the chosen only this host, range, group or tag:NAME', collect)
    .option('--hosts-file <file>', 'hosts, one a line; - reads stdin')
    .option('--inventory <file>', 'inventory of Ansible: INI, YAML, a program or a folder', collect)
    .option('--shard <i/n>', 'the i-th of n parts of these hosts; outlast merge joins the documents', parseShard)
    .option('--config <file>', 'configuration in place of outlast.yaml')
    .option('-F, --ssh-config <file>', "ssh's configuration file")
    .option('-l, --login <user>', 'user, where the host names none', parseHostUser)
    .option('-i, --identity <file>', 'identity file', collect)
    .option('-J, --jump <hosts>', 'jump hosts, comma separated', checkJump)
    .option('-o, --option <Key=value>', 'option of the ssh configuration', collect)
    .addOption(
      new Option('--transport <name>', 'what speaks SSH: ssh2, or openssh, the ssh program').choices(TRANSPORTS),
    );
}

/** Collects a flag that may stand several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Reads a whole number from 1 on. */
export function parseCount(text: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return Number(text);
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a whole number from 1 on`, {
    hint: 'a number such as 20, without a unit, at most 9999999',
  });
}

/** Reads a whole number from 0 on. */
export function parseWhole(text: string): number {
  return text === '0' ? 0 : parseCount(text);
}

/** Reads how long something may take at most. */
function parseLimit(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds > 0) return milliseconds;
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} leaves no time at all`, {
    hint: 'a duration over zero, such as 10s',
  });
}

/** What ssh is to read later is refused now, while nothing has been sent. */
function checkJump(text: string): string {
  parseJumpChain(text);
  return text;
}

/** The part of the flags that goes to the transport. */
export function resolveSshOptions(flags: FleetFlags): SshOptions {
  const { sshConfig, login, identity = [], jump, option = [] } = flags;
  return {
    identityFiles: identity,
    options: option,
    ...(sshConfig === undefined ? {} : { configFile: sshConfig }),
    ...(login === undefined ? {} : { user: login }),
    ...(jump === undefined ? {} : { jump }),
  };
}
