import { PAGE_LIMITS } from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';

/**
 * Asks what listens on a port of the host for a page, over a tunnel, and gives the whole answer with its head; nothing where there is none, be it
 * that the host opens no tunnels.
 */
export async function fetchPage(session: HostSession, port: number, path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  try {
    const stream = await session.openTunnel('127.0.0.1', port);
    timer = setTimeout(() => stream.destroy(), PAGE_LIMITS.seconds * 1000);
    // 1.0 asks for a page in one piece, and for the end of the connection.
    stream.write(`GET ${path} HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    for await (const piece of stream as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > PAGE_LIMITS.bytes) break;
    }
  } catch {
    // What has come counts, as it does for the other programs that ask.
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(pieces);
}
