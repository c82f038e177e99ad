import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { buildLostError, buildTunnelError } from '../channel-errors.js';

/** Opens a TCP connection from the host on. */
export function openTunnel(client: Client, hostname: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    try {
      client.forwardOut('127.0.0.1', 0, hostname, port, (error, channel) => {
        if (error) reject(buildTunnelError(error, `${hostname} port ${port}`));
        else resolve(channel);
      });
    } catch (error) {
      reject(buildLostError(error as Error));
    }
  });
}
