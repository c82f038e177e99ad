import { OutlastError } from '@outlast/core';
import { getLocalName } from '../fleet/local-name.js';
import { parseHostUser } from '../inventory/host-spec.js';
import { parseJumpChain } from '../ssh/configuration/destination.js';
import type { Prompter, SshOptions, Transport } from '../ssh/transport.js';
import { createTransports, DEFAULT_TRANSPORT, type TransportName } from '../ssh/transports.js';
import { checkMilliseconds, type HostOptions } from './options.js';

/** What reaches hosts, and how. */
export interface Reach {
  /** Loads what speaks SSH when the first host needs it. */
  getTransport(): Promise<Transport>;
  readonly transport: TransportName;
  readonly connectTimeoutMs: number | undefined;
  readonly retries: number;
  readonly by: string;
  close(): Promise<void>;
}

const NOBODY: Prompter = {
  interactive: false,
  confirm: async () => false,
  secret: async () => undefined,
};

/**
 * Prepares to reach hosts; nothing is loaded or opened yet.
 *
 * @throws OutlastError `E_USAGE` for options that cannot be right.
 */
export function createReach(options: HostOptions): Reach {
  const {
    prompter = NOBODY,
    env = process.env,
    memoryFile,
    warn,
    transport = DEFAULT_TRANSPORT,
    retries = 0,
  } = options;
  checkMilliseconds('connectTimeoutMs', options.connectTimeoutMs);
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw new OutlastError('E_USAGE', `retries is not a whole number from 0 on: ${retries}`);
  if (transport !== 'ssh2' && transport !== 'openssh')
    throw new OutlastError('E_USAGE', `there is no transport ${String(transport)}: ssh2 or openssh`);
  const transports = createTransports({
    sshOptions: buildSshOptions(options),
    prompter,
    env,
    ...(memoryFile === undefined ? {} : { memoryFile }),
    ...(warn === undefined ? {} : { warn }),
  });
  return {
    getTransport: () => transports.get(transport),
    transport,
    connectTimeoutMs: options.connectTimeoutMs,
    retries,
    by: options.by ?? getLocalName(),
    close: () => transports.close(),
  };
}

function buildSshOptions({ configFile, user, identityFiles = [], jump, sshOptions = [] }: HostOptions): SshOptions {
  if (jump !== undefined) parseJumpChain(jump);
  return {
    identityFiles,
    options: sshOptions,
    ...(configFile === undefined ? {} : { configFile }),
    ...(user === undefined ? {} : { user: parseHostUser(user) }),
    ...(jump === undefined ? {} : { jump }),
  };
}
