import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { portOf } from './free-port.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { waitFor } from './wait-for.js';

/** A server that treats its connections as told, and how each of them ended. */
async function startServer(serve: (socket: Socket) => void) {
  const served: Peer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(watch(socket));
    serve(socket);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { address: '127.0.0.1', port: portOf(server.address()), served };
}

const echo = (socket: Socket) => void socket.pipe(socket);

interface Peer {
  readonly socket: Socket;
  /** All that came, and in what pieces. */
  readonly chunks: string[];
  readonly text: string;
  /** The name of the error, or what came last. */
  end: string | undefined;
}

function watch(socket: Socket): Peer {
  const chunks: string[] = [];
  const peer: Peer = {
    socket,
    chunks,
    get text() {
      return chunks.join('');
    },
    end: undefined,
  };
  socket.on('data', (chunk: Buffer) => chunks.push(chunk.toString('latin1')));
  socket.on('end', () => {
    peer.end ??= 'FIN';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    peer.end = error.code;
  });
  onTestFinished(() => void socket.destroy());
  return peer;
}

async function startEcho(): Promise<{ proxy: TcpProxy; served: Peer[] }> {
  const { served, ...target } = await startServer(echo);
  const proxy = await startTcpProxy(target);
  onTestFinished(() => proxy.stop());
  return { proxy, served };
}

function dial({ port }: TcpProxy): Peer {
  return watch(connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }));
}

/** Sends a word and waits for its echo. */
async function say(peer: Peer, word: string): Promise<void> {
  const before = peer.text;
  peer.socket.write(word);
  await waitFor(() => peer.text === before + word, { what: `the echo of ${word}`, evidence: () => peer.text });
}

describe('a delay', () => {
  test('holds each chunk up for as long both ways, in order, and not one after the other', async () => {
    const { proxy } = await startEcho();
    proxy.spoil({ request: { delayMs: 150 }, reply: { delayMs: 150 } });
    const peer = dial(proxy);
    const begin = performance.now();
    for (let index = 0; index < 10; index++) {
      await new Promise<void>((resolve) => peer.socket.write(String(index), () => setImmediate(resolve)));
    }
    await waitFor(() => peer.text === '0123456789', { what: 'all to come back', intervalMs: 5 });
    const took = performance.now() - begin;
    expect(took).toBeGreaterThan(300);
    expect(took).toBeLessThan(1_500);
  });

  test('holds up the end of the stream, too', async () => {
    const { proxy } = await startEcho();
    proxy.spoil({ reply: { delayMs: 100 } });
    const peer = dial(proxy);
    peer.socket.end('last words');
    const [begin] = [performance.now(), await once(peer.socket, 'end')];
    expect(performance.now() - begin).toBeGreaterThan(99);
    expect([peer.text, peer.end]).toEqual(['last words', 'FIN']);
  });
});

describe('an end', () => {
  test.each(['request', 'reply'] as const)('by a reset lets exactly so many bytes of the %s through', async (side) => {
    const { proxy, served } = await startEcho();
    proxy.spoil({ [side]: { end: { at: 7, by: 'reset' } } });
    const peer = dial(proxy);
    await say(peer, 'four');
    peer.socket.write('and more');
    await waitFor(() => peer.end !== undefined && served[0]?.end !== undefined, { what: 'both to see an end' });
    const [sender, receiver] = side === 'request' ? [peer, served[0]] : [served[0], peer];
    // Of a reset right behind the last bytes Node makes a FIN, so only the sender is sure to see what it was.
    expect([receiver?.text, sender?.end]).toEqual(['fourand', 'ECONNRESET']);
    expect(proxy.traffic(1)[side]).toBe(7);
  });

  test.each(['request', 'reply'] as const)('by a FIN lets exactly so many bytes of the %s through', async (side) => {
    const { proxy, served } = await startEcho();
    proxy.spoil({ [side]: { end: { at: 7, by: 'close' } } });
    const peer = dial(proxy);
    peer.socket.write('four and more');
    await waitFor(() => peer.end === 'FIN' && served[0]?.end === 'FIN', { what: 'both to see an end' });
    expect(side === 'request' ? served[0]?.text : peer.text).toBe('four an');
  });

  test('at 0 is there before a byte', async () => {
    const { proxy } = await startEcho();
    proxy.spoil({ reply: { end: { at: 0, by: 'close' } } });
    const peer = dial(proxy);
    await once(peer.socket, 'end');
    expect(peer.text).toBe('');
  });

  test('of the request alone leaves the reply going', async () => {
    const { served, ...target } = await startServer(() => undefined);
    const proxy = await startTcpProxy(target);
    onTestFinished(() => proxy.stop());
    proxy.spoil({ request: { end: { at: 3, by: 'half-close' } } });
    const peer = dial(proxy);
    peer.socket.write('abcdef');
    await waitFor(() => served[0]?.end === 'FIN', { what: 'the server to see the end of the request' });
    served[0]?.socket.write('still here');
    await waitFor(() => peer.text === 'still here', { what: 'the reply' });
    expect([served[0]?.text, peer.end]).toEqual(['abc', undefined]);
  });

  test('of the reply alone leaves the request going', async () => {
    const { proxy, served } = await startEcho();
    proxy.spoil({ reply: { end: { at: 3, by: 'half-close' } } });
    const peer = dial(proxy);
    peer.socket.write('abcdef');
    await waitFor(() => peer.end === 'FIN', { what: 'the client to see the end of the reply' });
    peer.socket.write('ghi');
    await waitFor(() => served[0]?.text === 'abcdefghi', { what: 'the request' });
    expect(peer.text).toBe('abc');
  });

  test('by silence holds both directions until they are thawed', async () => {
    const { proxy, served } = await startEcho();
    proxy.spoil({ reply: { end: { at: 3, by: 'freeze' } } });
    const [peer, other] = [dial(proxy), dial(proxy)];
    peer.socket.write('abc');
    await waitFor(() => peer.text === 'abc', { what: 'what is let through' });
    peer.socket.write('def');
    await say(other, 'ok');
    expect([peer.text, served[0]?.text]).toEqual(['abc', 'abc']);
    proxy.thaw();
    await waitFor(() => peer.text === 'abcdef', { what: 'what had waited' });
  });
});

describe('a frozen proxy', () => {
  test('holds everything, new connections and the end of a client too, until it is thawed', async () => {
    const { proxy, served } = await startEcho();
    const first = dial(proxy);
    await say(first, 'before ');
    proxy.freeze();
    const second = dial(proxy);
    second.socket.write('new');
    first.socket.end('after');
    await waitFor(() => proxy.accepted === 2, { what: 'the second connection' });
    await say(dial(await startTcpProxyTo(served)), 'the server is fine');
    expect([first.text, first.end, second.text]).toEqual(['before ', undefined, '']);
    proxy.thaw();
    await waitFor(() => first.text === 'before after' && first.end === 'FIN' && second.text === 'new', {
      what: 'what had waited',
    });
  });

  function startTcpProxyTo(served: Peer[]): Promise<TcpProxy> {
    const starting = startTcpProxy({ address: '127.0.0.1', port: served[0]?.socket.localPort ?? 0 });
    onTestFinished(async () => (await starting).stop());
    return starting;
  }
});

describe('a stream in small pieces', () => {
  test('of so many bytes arrives whole', async () => {
    const { served, ...target } = await startServer(echo);
    const proxy = await startTcpProxy(target);
    onTestFinished(() => proxy.stop());
    proxy.spoil({ request: { fragmentBytes: 3 } });
    const peer = dial(proxy);
    await say(peer, 'the quick brown fox');
    expect(served[0]?.chunks.every((chunk) => chunk.length % 3 === 0 || chunk.endsWith('x'))).toBe(true);
    expect(served[0]?.chunks.length).toBeGreaterThan(1);
  });

  test('of one byte now and then takes its time', async () => {
    const { proxy } = await startEcho();
    proxy.spoil({ reply: { dripMs: 20 } });
    const peer = dial(proxy);
    const begin = performance.now();
    await say(peer, 'ten bytes!');
    expect(performance.now() - begin).toBeGreaterThan(9 * 19);
    expect(peer.chunks.every((chunk) => chunk.length === 1)).toBe(true);
  });
});

test('a preamble stands before all that the server says', async () => {
  const { proxy } = await startEcho();
  proxy.spoil({ reply: { preamble: 'Welcome\r\n' } });
  const peer = dial(proxy);
  await waitFor(() => peer.text === 'Welcome\r\n', { what: 'the preamble' });
  await say(peer, 'hello');
  expect(proxy.traffic(1)).toEqual({ request: 5, reply: 5 });
});

describe('garbage', () => {
  test('is the same for the same seed, and only where it was asked for', async () => {
    const { proxy } = await startEcho();
    const read = async (seed: string) => {
      proxy.spoil({ reply: { garbage: { at: 2, bytes: 8, seed }, fragmentBytes: 3 } });
      const peer = dial(proxy);
      peer.socket.write('abcdefghijklmn');
      await waitFor(() => peer.text.length === 14, { what: 'as many bytes as were sent' });
      return peer.text;
    };
    const first = await read('1');
    expect(first).toMatch(/^ab.{8}klmn$/s);
    expect(first).not.toContain('cdefghij');
    expect(await read('1')).toBe(first);
    expect(await read('2')).not.toBe(first);
  });

  test('goes on to the end where no length is given', async () => {
    const { proxy, served } = await startEcho();
    proxy.spoil({ request: { garbage: { at: 0 } } });
    const peer = dial(proxy);
    peer.socket.write('abcdefgh');
    peer.socket.write('abcdefgh');
    await waitFor(() => served[0]?.text.length === 16, { what: 'as many bytes as were sent' });
    expect(served[0]?.text.slice(8)).not.toBe('abcdefgh');
  });
});

describe('faults', () => {
  test('of one connection leave the others alone', async () => {
    const { proxy } = await startEcho();
    proxy.spoil({ reply: { end: { at: 0, by: 'reset' } } }, 2);
    const [first, second] = [dial(proxy), dial(proxy)];
    await waitFor(() => second.end === 'ECONNRESET', { what: 'the second connection to be cut' });
    await say(first, 'fine');
    await say(dial(proxy), 'fine');
  });

  test('can be changed under a connection, and taken back', async () => {
    const { proxy } = await startEcho();
    const peer = dial(proxy);
    await say(peer, 'before ');
    proxy.spoil({ request: { garbage: { at: 0 } } });
    peer.socket.write('spoilt ');
    await waitFor(() => peer.text.length === 14, { what: 'the spoilt bytes' });
    expect(peer.text).not.toContain('spoilt');
    proxy.spoil({});
    await say(peer, 'after');
    proxy.spoil({ reply: { end: { at: 5, by: 'reset' } } });
    await waitFor(() => peer.end === 'ECONNRESET', { what: 'the end that is overdue' });
  });
});

test('more than any buffer holds arrives as it was sent', async () => {
  const { proxy } = await startEcho();
  proxy.spoil({ reply: { delayMs: 20 } });
  const peer = dial(proxy);
  const sent = Buffer.alloc(24 << 20, 'all of it ');
  peer.socket.end(sent);
  await waitFor(() => peer.end === 'FIN', { what: 'the end of the echo' });
  expect(Buffer.from(peer.text, 'latin1').equals(sent)).toBe(true);
});
