import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { constants } from 'node:os';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';

/** Whom an embedded host lets in, and what the lines that they send run in. */
export interface SessionSetup {
  readonly user: string;
  readonly clientPublicKey: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly oddity?: Oddity;
}

/** What an embedded host does otherwise than others: it hangs up on a program that was sent together with the key, or has no channel 0. */
export type Oddity = 'hangs up on haste' | 'counts from one';

/** Serves one client of an embedded host: public key authentication, exec, and forwarding to this machine's loopback. */
export function serveClient(client: Connection, setup: SessionSetup): void {
  const log = (text: string) => {
    // The last clients may still end while the host's folder is being removed.
    try {
      appendFileSync(setup.logPath, `${new Date().toISOString()} ${text}\n`);
    } catch {}
  };
  // Whatever came in the same packet as the key was not asked for by anybody who had been let in.
  let isHasty = false;
  if (setup.oddity === 'counts from one') takeFirstChannel(client);
  client.on('error', (error) => log(`connection: ${error.message}`));
  client.on('close', () => log('connection closed'));
  client.on('authentication', (context) => {
    const isWelcome = isAuthorised(context, setup);
    log(`authentication ${context.method} for ${JSON.stringify(context.username)}: ${isWelcome ? 'yes' : 'no'}`);
    if (!isWelcome) {
      context.reject(['publickey']);
      return;
    }
    isHasty = true;
    setImmediate(() => {
      isHasty = false;
    });
    context.accept();
  });
  client.on('session', (accept) => {
    if (isHasty && setup.oddity === 'hangs up on haste') {
      client.end();
      return;
    }
    accept().on('exec', (acceptExec, _reject, { command: line }) => {
      log(`exec ${JSON.stringify(line.slice(0, 200))}`);
      runLine(acceptExec(), line, setup);
    });
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (!['127.0.0.1', 'localhost', '::1'].includes(destIP)) return reject();
    const socket = connect({ host: destIP, port: destPort });
    socket.once('error', () => reject());
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      const channel = accept();
      socket.on('error', () => channel.destroy());
      channel.on('error', () => socket.destroy());
      channel.on('close', () => socket.destroy());
      socket.pipe(channel).pipe(socket);
    });
  });
}

function takeFirstChannel(client: Connection): void {
  (client as unknown as { _chanMgr: { add(): number } })._chanMgr.add();
}

function isAuthorised(context: AuthContext, { user, clientPublicKey }: SessionSetup): boolean {
  if (context.method !== 'publickey' || context.username !== user) return false;
  const key = ssh2.utils.parseKey(clientPublicKey);
  if (key instanceof Error || !key.getPublicSSH().equals(context.key.data)) return false;
  // Without a signature the client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true;
  return key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

function runLine(channel: ServerChannel, line: string, { home, env }: SessionSetup): void {
  // A session of its own, as sshd gives one: nothing that happens to us or to the client reaches it.
  const child = spawn('/bin/sh', ['-c', line], { cwd: home, env, detached: true });
  for (const stream of [child.stdin, child.stdout, child.stderr, channel, channel.stderr]) {
    stream.on('error', () => undefined);
  }
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('error', () => channel.close());
  child.on('exit', (code, signal) => {
    if (signal === null) channel.exit(code ?? 0);
    else sendSignal(channel, signal);
  });
  // Like OpenSSH, the channel ends when nobody holds stdout and stderr any more, not when the shell exits.
  child.on('close', () => channel.end());
  channel.on('close', () => {
    // As with sshd nobody is killed: writers get EPIPE, readers the end of their input.
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  });
}

function sendSignal(channel: ServerChannel, signal: NodeJS.Signals): void {
  try {
    channel.exit(signal.slice(3), false);
  } catch {
    // SSH has no name for it: what a shell would say of such a child.
    channel.exit(128 + constants.signals[signal]);
  }
}
