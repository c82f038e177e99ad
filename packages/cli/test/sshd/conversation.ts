import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { startTcpProxy, type TestHost, varyHost } from '@outlast/test-fixtures';
import { onTestFinished } from 'vitest';
import { addLaptop } from '../program-lab.js';
import { connect, makeLaptop, openTransport } from './connection-lab.js';

/** The places of what a server says, each the byte behind which it lies. */
export type ReplyPlaces = Readonly<
  Record<
    | 'before the banner'
    | 'in the banner'
    | 'behind the banner'
    | 'behind KEXINIT'
    | 'behind the key reply'
    | 'in authentication'
    | 'behind authentication'
    | 'in the answer',
    number
  >
>;

/** The places of what the client says. */
export type RequestPlaces = Readonly<
  Record<
    'before the banner' | 'behind the banner' | 'in authentication' | 'behind authentication' | 'in the script',
    number
  >
>;

/** The places of a conversation over ssh2, and the few that are known of one over openssh. */
export interface Conversation {
  readonly reply: ReplyPlaces;
  readonly request: RequestPlaces;
  /** Where the host was met before, so that the program is under way from the key reply on. */
  readonly remembered: ReplyPlaces;
  readonly openssh: Pick<ReplyPlaces, 'before the banner' | 'behind the banner' | 'in the answer'>;
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
  for (const flags of [[], [], ['--transport', 'openssh']]) await laptop.outlast([...args, ...flags, '-H', near.alias]);
  const [whole, remembered, openssh] = [proxy.traffic(2), proxy.traffic(3), proxy.traffic(4)];
  const halfway = (from: number, to: number) => Math.round((from + to) / 2);
  const placesUpTo = (end: number): ReplyPlaces => ({
    'before the banner': 0,
    'in the banner': halfway(0, banner),
    'behind the banner': banner,
    'behind KEXINIT': kexinit,
    'behind the key reply': kexinit + KEY_REPLY_BYTES,
    'in authentication': halfway(kexinit + KEY_REPLY_BYTES, authenticated.reply),
    // Up to here a host that is remembered says the same.
    'behind authentication': authenticated.reply,
    'in the answer': halfway(authenticated.reply, end),
  });
  const answer = whole.reply - authenticated.reply;
  return {
    reply: placesUpTo(whole.reply),
    remembered: placesUpTo(remembered.reply),
    openssh: {
      'before the banner': 0,
      'behind the banner': banner,
      'in the answer': openssh.reply - Math.round(answer / 2),
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
