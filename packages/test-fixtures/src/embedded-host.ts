import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { type Oddity, type SessionSetup, serveClient } from './embedded-session.js';
import { portOf } from './free-port.js';
import { startGuardian } from './guardian.js';
import { generateKeyPair, type KeyPair, type KeyType, sharedClientKey } from './keys.js';
import { endProcessesOf } from './leftover-processes.js';
import { lookupUser } from './local-users.js';
import { attachHost, type TestHost } from './test-host.js';

/** What an embedded host shall be like. */
export interface EmbeddedHostOptions {
  /** `embedded` when left out. */
  readonly alias?: string;
  /** The kinds of its fresh host keys; one ed25519 key when left out. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** The key it lets in; the one that laptops use when left out. */
  readonly clientKey?: KeyPair;
  /** The alias of the host through which laptops shall go. */
  readonly jump?: string;
  /** As its banner names it; ssh2's own when left out. */
  readonly software?: string;
  readonly oddity?: Oddity;
}

/**
 * Starts an SSH server inside this process, on a free loopback port. It lets in one public key, runs real `/bin/sh`
 * in a home of its own, and needs no OpenSSH. Children outlive the client that started them, as they do with sshd.
 */
export async function startEmbeddedHost(options: EmbeddedHostOptions = {}): Promise<TestHost> {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-embedded-'));
  const guardian = startGuardian(folder);
  const home = join(folder, 'home');
  const logPath = join(folder, 'log');
  await mkdir(home, { mode: 0o700 });
  await writeFile(logPath, '', { mode: 0o600 });
  const clientKey = options.clientKey ?? sharedClientKey();
  const hostKeys = (options.hostKeyTypes ?? ['ed25519']).map((type) => generateKeyPair(type));
  const user = lookupUser().name;
  const env = buildSessionEnv(user, home);
  const { alias = 'embedded', jump, software, oddity } = options;
  const session = { user, env, home, logPath, clientPublicKey: clientKey.publicKey, ...(oddity && { oddity }) };
  const server = await listen(hostKeys, session, software);
  const host = attachHost({
    alias,
    address: '127.0.0.1',
    port: server.port,
    user,
    hostKeys: hostKeys.map((pair) => pair.publicKey),
    ...(jump === undefined ? {} : { jump }),
    stateDir: join(home, '.local/state/outlast'),
    clientKey,
    access: { kind: 'local', user, home, env, logPath },
  });
  const stop = async () => {
    await server.stop();
    await endProcessesOf(folder);
    await rm(folder, { recursive: true, force: true });
    await guardian.dismiss();
  };
  return { ...host, stop };
}

async function listen(
  hostKeys: readonly KeyPair[],
  session: SessionSetup,
  software: string | undefined,
): Promise<{ port: number; stop(): Promise<void> }> {
  const config = { hostKeys: hostKeys.map((pair) => pair.privateKey), ...(software && { ident: software }) };
  const ssh = new ssh2.Server(config, (client) => serveClient(client, session));
  // The listener is ours and not ssh2's, so that connections can be ended although their client is frozen.
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket.setNoDelay());
    socket.on('close', () => sockets.delete(socket));
    ssh.injectSocket(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const stop = async () => {
    listener.close();
    for (const socket of sockets) socket.destroy();
    await once(listener, 'close');
  };
  return { port: portOf(listener.address()), stop };
}

function buildSessionEnv(user: string, home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/sh',
  };
}
