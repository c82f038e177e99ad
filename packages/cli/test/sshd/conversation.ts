import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { startTcpProxy, type TestHost, varyHost } from '@outlast/test-fixtures';
import { onTestFinished } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { connect, makeLaptop, openTransport } from './connection-lab.js';

/** The places of a conversation, each the byte of that direction behind which it lies. */
export interface Conversation {
  readonly reply: {
    readonly 'before the banner': number;
    readonly 'in the banner': number;
    readonly 'behind the banner': number;
    readonly 'behind KEXINIT': number;
    readonly 'behind the key reply': number;
    readonly 'in authentication': number;
    readonly 'behind authentication': number;
    readonly 'in the answer': number;
  };
  readonly request: {
    readonly 'before the banner': number;
    readonly 'behind the banner': number;
    readonly 'in authentication': number;
    readonly 'behind authentication': number;
    readonly 'in the script': number;
  };
}

/** KEX_ECDH_REPLY for curve25519 and an ed25519 host key, and NEWKEYS: RFC 8731, RFC 4253. */
const KEY_REPLY_BYTES = 192 + 16;

/** Measures where the parts of a conversation lie in which the program runs `args` on the host. */
export async function measureConversation(host: TestHost, args: readonly string[]): Promise<Conversation> {
  const { banner, kexinit } = await readGreeting(host);
  const proxy = await startTcpProxy(host);
  onTestFinished(() => proxy.stop());
  const near = varyHost(host, { port: proxy.port });
  await connect(openTransport(await makeLaptop([near])), near.alias);
  const authenticated = proxy.traffic(1);
  const laptop = await addLaptop([near]);
  await laptop.outlast([...args, '-H', near.alias]);
  const whole = proxy.traffic(2);
  const halfway = (from: number, to: number) => Math.round((from + to) / 2);
  return {
    reply: {
      'before the banner': 0,
      'in the banner': halfway(0, banner),
      'behind the banner': banner,
      'behind KEXINIT': kexinit,
      'behind the key reply': kexinit + KEY_REPLY_BYTES,
      'in authentication': halfway(kexinit + KEY_REPLY_BYTES, authenticated.reply),
      'behind authentication': authenticated.reply,
      'in the answer': halfway(authenticated.reply, whole.reply),
    },
    request: {
      'before the banner': 0,
      'behind the banner': 'SSH-2.0-outlast\r\n'.length,
      'in authentication': authenticated.request - 1,
      'behind authentication': authenticated.request,
      'in the script': halfway(authenticated.request, whole.request),
    },
  };
}

/** Where the server's first line ends, and its first packet, which is KEXINIT and not yet encrypted. */
async function readGreeting({ address, port }: TestHost): Promise<{ banner: number; kexinit: number }> {
  const socket = dial(port, address);
  onTestFinished(() => void socket.destroy());
  socket.write('SSH-2.0-measure\r\n');
  for (let read = Buffer.alloc(0); ; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    read = Buffer.concat([read, chunk]);
    const banner = read.indexOf('\n') + 1;
    const size = banner > 0 && read.length >= banner + 4 ? 4 + read.readUInt32BE(banner) : Number.POSITIVE_INFINITY;
    if (read.length >= banner + size) return { banner, kexinit: banner + size };
  }
}
