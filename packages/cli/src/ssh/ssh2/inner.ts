import { createPublicKey, diffieHellman, type KeyObject, verify } from 'node:crypto';
import type { Client, ClientChannel, ParsedKey } from 'ssh2';
import type { Refusal } from '../authentication/authentication-state.js';
import type { Ssh2 } from './load-ssh2.js';

// As ssh2 opens its own channels.
const CHANNEL_WINDOW_BYTES = 2 * 1024 * 1024;
const CHANNEL_PACKET_BYTES = 32 * 1024;
const INPUT_CHUNK_BYTES = 16 * 1024;

type Handler = (...args: unknown[]) => unknown;
type OpenCallback = ((error: Error | undefined, channel?: InnerChannel) => void) & { type?: string };

interface InnerChannel extends ClientChannel {
  readonly outgoing: { readonly id: number; window: number };
  readonly _callbacks: ((failed: Error | boolean) => void)[];
}

interface Inner {
  readonly _resetKA?: () => void;
  readonly _callbacks: ((failed: unknown) => void)[];
  readonly _chanMgr: { add(callback: OpenCallback): number; remove(channel: number): void };
  readonly _protocol: {
    readonly _handlers: Record<string, Handler>;
    readonly _kex?: InnerKeyExchange;
    authPK(user: string, key: ParsedKey, algorithm: string, sign: SignRequest): void;
    session(channel: number, window: number, packet: number): void;
    exec(channel: number, line: string, wantReply: boolean): void;
    channelData(channel: number, data: Uint8Array): void;
    ping(): void;
  };
}

type SignRequest = (data: Buffer, done: (signature: Buffer) => void) => void;

interface InnerKeyExchange {
  readonly type: string;
  readonly _keys?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  generateKeys(): void;
  computeSecret(theirs: Buffer): Buffer | Error;
}

/**
 * The only place that reaches into ssh2: what its public interface sends one round trip after another goes out in one flight here.
 * Written for the one version that is pinned; where the inside looks otherwise there is no such object, and the public way is taken.
 */
export interface Ssh2Inner {
  /**
   * Sends a signed authentication without asking first whether the host knows the key, right behind the request for the service.
   * `onRefused` is told instead of ssh2, which does not know of it. Resolves when it was sent.
   *
   * @throws what the signer throws; nothing was sent then.
   */
  authenticate(request: AheadAuthentication): Promise<void>;
  /**
   * Opens a channel, asks for a line to be run in it and sends its first input, without waiting for an answer in between.
   * Returns what forgets the channel, for when nobody is going to answer.
   */
  exec(request: AheadExec): () => void;
  /** Resolves when the server has dealt with all that was sent before, or is gone. */
  sync(): Promise<void>;
  /** Tells ssh2 that something was heard: for its keepalive alone answers count, which may wait behind all that is on its way. */
  noteAlive(): void;
  /** Answers what servers announce of their host keys with silence: asking for proofs costs a round trip, and nobody uses them. */
  ignoreHostKeyUpdates(): void;
  /** Tells of each refusal before ssh2 hears of it, which keeps those of an agent's keys to itself. */
  watchRefusals(onRefusal: (refusal: Refusal) => void): void;
  /** Lets RSA keys sign with these algorithms alone, whatever the server names: without a word of it ssh2 would take SHA-1. */
  limitRsa(algorithms: readonly string[]): void;
  /** Makes X25519 read and write its keys without DER, for all connections from now on: a tenth of the time. */
  hastenKeyExchange(): void;
}

/** A key with which a host is asked to let a user in. */
export interface AheadAuthentication {
  readonly user: string;
  readonly key: ParsedKey;
  /** As it is called on the wire: `rsa-sha2-512` for a key of type `ssh-rsa`. */
  readonly algorithm: string;
  sign(data: Buffer): Promise<Buffer>;
  /** All the same where the host wants one more. */
  onRefused(refusal: Refusal): void;
}

/** A program that is asked for ahead of the server's answers. */
export interface AheadExec {
  readonly line: string;
  readonly input: Uint8Array;
  /** The number that the server is going to give the channel. */
  readonly serverChannel: number;
  /** The server has given the channel another number: what was sent went nowhere, and nothing runs. */
  onMisplaced(channel: ClientChannel): void;
  /**
   * Called while the answer is being read, since all that a short program says may be in the same packet; with ssh2's error
   * where the server opens no channel or runs nothing in it.
   */
  onStarted(error: Error | undefined, channel?: ClientChannel): void;
}

/** The server runs a program, or may: no more can be known of it. */
export class UnknownStartError extends Error {}

/** Looks into a client that has connected; undefined when its inside is not as this file knows it. */
export function lookInside(client: Client): Ssh2Inner | undefined {
  const inner = client as unknown as Inner;
  if (!hasKnownShape(inner)) return undefined;
  return {
    authenticate: (request) => authenticate(inner, request),
    exec: (request) => exec(inner, request),
    sync: () =>
      new Promise((resolve) => {
        inner._callbacks.push(() => resolve());
        inner._protocol.ping();
      }),
    noteAlive: () => inner._resetKA?.(),
    ignoreHostKeyUpdates: () => ignoreHostKeyUpdates(inner),
    watchRefusals: (onRefusal) => watchRefusals(inner, onRefusal),
    limitRsa(algorithms) {
      const { _protocol: protocol } = inner;
      // The first list that ssh2 is told of counts.
      protocol._handlers.EXT_INFO?.(protocol, [{ name: 'server-sig-algs', algs: [...algorithms] }]);
    },
    hastenKeyExchange: () => hastenKeyExchange(inner._protocol._kex),
  };
}

function hasKnownShape({ _protocol: protocol, _chanMgr: channels, _callbacks: callbacks }: Partial<Inner>): boolean {
  const calls = [protocol?.authPK, protocol?.session, protocol?.exec, protocol?.channelData, protocol?.ping];
  const handlers = protocol?._handlers ?? {};
  const { USERAUTH_FAILURE, USERAUTH_PK_OK, GLOBAL_REQUEST, EXT_INFO } = handlers;
  const heard = [USERAUTH_FAILURE, USERAUTH_PK_OK, GLOBAL_REQUEST, EXT_INFO];
  return (
    [...calls, ...heard, channels?.add, channels?.remove].every((part) => typeof part === 'function') &&
    Array.isArray(callbacks)
  );
}

/** A channel has its shape only once it is open. */
function hasKnownChannelShape({ outgoing, _callbacks: callbacks }: Partial<InnerChannel>): boolean {
  return typeof outgoing?.id === 'number' && typeof outgoing.window === 'number' && Array.isArray(callbacks);
}

async function authenticate({ _protocol: protocol }: Inner, request: AheadAuthentication): Promise<void> {
  const { user, key, algorithm, sign, onRefused } = request;
  const { _handlers: handlers } = protocol;
  const { USERAUTH_FAILURE: onFailure, USERAUTH_PK_OK: onKeyKnown } = handlers as Record<string, Handler>;
  await new Promise<void>((resolve, reject) => {
    protocol.authPK(user, key, algorithm, (data, done) => {
      sign(data).then(done).then(resolve, reject);
    });
  });
  handlers.USERAUTH_FAILURE = (_protocol, ...refusal) => {
    // From here on ssh2 is asked for the next method, and hears of its fate.
    Object.assign(handlers, { USERAUTH_FAILURE: onFailure, USERAUTH_PK_OK: onKeyKnown });
    onRefused(readRefusal(refusal));
  };
  // No server should say so of a signed request; ssh2 would look for a question that was never asked.
  handlers.USERAUTH_PK_OK = () => undefined;
}

function watchRefusals({ _protocol: protocol }: Inner, onRefusal: (refusal: Refusal) => void): void {
  const { _handlers: handlers } = protocol;
  const onFailure = handlers.USERAUTH_FAILURE as Handler;
  handlers.USERAUTH_FAILURE = (self, ...refusal) => {
    onRefusal(readRefusal(refusal));
    return onFailure(self, ...refusal);
  };
}

function readRefusal([methodsLeft, isPartial]: readonly unknown[]): Refusal {
  return { methodsLeft: (methodsLeft as string[] | undefined) ?? [], isPartial: isPartial === true };
}

function exec({ _protocol: protocol, _chanMgr: channels }: Inner, request: AheadExec): () => void {
  const { line, input, serverChannel, onStarted } = request;
  const onOpen: OpenCallback = (error, channel) => {
    if (error !== undefined || channel === undefined) onStarted(error ?? new Error('no channel'));
    else awaitStart(channel, request);
  };
  onOpen.type = 'session';
  const id = channels.add(onOpen);
  protocol.session(id, CHANNEL_WINDOW_BYTES, CHANNEL_PACKET_BYTES);
  protocol.exec(serverChannel, line, true);
  for (let at = 0; at < input.length; at += INPUT_CHUNK_BYTES) {
    protocol.channelData(serverChannel, input.subarray(at, at + INPUT_CHUNK_BYTES));
  }
  return () => channels.remove(id);
}

function awaitStart(channel: InnerChannel, request: AheadExec): void {
  const { input, serverChannel, onStarted, onMisplaced } = request;
  // ssh2 is reading a packet: whatever is thrown here would end the connection, and all that runs over it.
  if (!hasKnownChannelShape(channel)) {
    onStarted(new UnknownStartError('this ssh2 has channels of another shape'));
    return;
  }
  const { outgoing } = channel;
  if (outgoing.id !== serverChannel) {
    onMisplaced(channel);
    return;
  }
  outgoing.window -= input.length;
  channel._callbacks.push((failed) => {
    Object.assign(channel, { subtype: 'exec' });
    if (failed) onStarted(failed === true ? new Error('Unable to exec') : failed);
    // ssh2 would wait for ever at a window below zero.
    else if (outgoing.window < 0) onStarted(new UnknownStartError('the server takes less input than was sent ahead'));
    else onStarted(undefined, channel);
  });
}

function ignoreHostKeyUpdates({ _protocol: protocol }: Inner): void {
  const { _handlers: handlers } = protocol;
  const onRequest = handlers.GLOBAL_REQUEST as Handler;
  handlers.GLOBAL_REQUEST = (...args) => (args[1] === 'hostkeys-00@openssh.com' ? undefined : onRequest(...args));
}

// RFC 8709, 4: the name, and the key itself.
const ED25519_PREFIX = Buffer.concat([Buffer.of(0, 0, 0, 11), Buffer.from('ssh-ed25519'), Buffer.of(0, 0, 0, 32)]);
const ANY_ED25519_KEY = `ssh-ed25519 ${Buffer.concat([ED25519_PREFIX, Buffer.alloc(32)]).toString('base64')}`;

const hastened = new WeakSet<object>();

/** Lets ssh2 check signatures of ed25519 keys, those of hosts among them, without writing and reading them as PEM: half of the time. */
export function hastenVerification({ utils }: Ssh2): void {
  const prototype = Object.getPrototypeOf(utils.parseKey(ANY_ED25519_KEY)) as ParsedKey;
  const { verify: original } = prototype;
  if (hastened.has(prototype) || typeof original !== 'function') return;
  hastened.add(prototype);
  prototype.verify = function verifySignature(data, signature, hash) {
    const blob = this.getPublicSSH();
    const isPlain = this.type === 'ssh-ed25519' && blob.length === ED25519_PREFIX.length + 32;
    if (!isPlain || !Buffer.isBuffer(data)) return original.call(this, data, signature, hash);
    const x = blob.subarray(ED25519_PREFIX.length).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, data, key, signature);
  };
}

function hastenKeyExchange(exchange: InnerKeyExchange | undefined): void {
  if (exchange?.type !== '25519') return;
  const prototype = Object.getPrototypeOf(exchange) as InnerKeyExchange & object;
  const known = [prototype.generateKeys, prototype.computeSecret];
  if (hastened.has(prototype) || !known.every((part) => typeof part === 'function')) return;
  if (exchange._keys?.publicKey.asymmetricKeyType !== 'x25519') return;
  hastened.add(prototype);
  // Not the public key as a JWK, which would be faster, too: Node 20 holds the key's lock while it writes one, and waits for that lock without
  // end where garbage is collected just then and the job goes that made the key.
  prototype.computeSecret = function computeSecret(theirs) {
    this.generateKeys();
    try {
      const jwk = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') };
      const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
      return toMpint(diffieHellman({ privateKey: this._keys?.privateKey as KeyObject, publicKey }));
    } catch (error) {
      return error as Error;
    }
  };
}

/** A positive number as SSH writes it (RFC 4251, 5): without leading zeros, but for the one that keeps it positive. */
function toMpint(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(first === -1 ? bytes.length : first);
  return (short[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), short]) : short;
}
