import { connect, isIP, type Socket } from 'node:net';
import { OutlastError } from '@outlast/core';
import { buildDialError } from '../connect-errors.js';

// The first of several addresses gets this long before the next one is tried; Node's 250 ms fail on slow links.
const FAMILY_ATTEMPT_MS = 1_000;

const FAMILIES = { inet: 4, inet6: 6 } as const;

/** Where to dial, and how. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  readonly bindAddress: string | null;
}

/**
 * Opens a TCP connection without Nagle's delay.
 *
 * @throws OutlastError `E_RESOLVE`, `E_CONNECT_REFUSED`, `E_CONNECT_TIMEOUT`, or `E_THROTTLED` when it is reset; the
 * signal's reason when it aborts.
 */
export function dial(endpoint: Endpoint, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    refuseOtherFamily(endpoint);
    const socket = connect({
      host: endpoint.hostname,
      port: endpoint.port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
      ...(endpoint.addressFamily === 'any' ? {} : { family: FAMILIES[endpoint.addressFamily] }),
      ...(endpoint.bindAddress === null ? {} : { localAddress: endpoint.bindAddress }),
    });
    const giveUp = (): void => {
      reject(signal.reason);
      socket.destroy();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    // Stays for good: a socket may fail several times, and an error that nobody hears ends the program.
    socket.on('error', (error) => {
      signal.removeEventListener('abort', giveUp);
      reject(buildDialError(error, endpoint));
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(socket);
    });
  });
}

/** Node minds the family of a name only; ssh also that of an address. */
function refuseOtherFamily({ hostname, addressFamily }: Endpoint): void {
  const family = isIP(hostname);
  if (addressFamily === 'any' || family === 0 || family === FAMILIES[addressFamily]) return;
  throw new OutlastError('E_RESOLVE', `${hostname} is no address of the AddressFamily ${addressFamily}`, {
    hint: 'check the HostName and the AddressFamily',
  });
}
