import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './free-port.js';
import { startGuardian } from './guardian.js';
import { generateKeyPair, type KeyPair, type KeyType, sharedClientKey } from './keys.js';
import { endProcessesOf, findSameProgramBelow, isGone, killOne } from './leftover-processes.js';
import { type LocalUser, lookupUser } from './local-users.js';
import { formatLastLines } from './run-program.js';
import { buildLoginEnv, buildSessionEnv, fillSshdFolder } from './sshd-folder.js';
import { attachHost, type TestHost } from './test-host.js';
import { waitFor } from './wait-for.js';

/** What an sshd of this machine shall be like. */
export interface ProcessSshdOptions {
  /** `sshd` when left out. */
  readonly alias?: string;
  /** Whom it serves: by default the user who runs the tests; only root can choose another. */
  readonly user?: string;
  /** A fixed port, to start a server again where one was; otherwise a free one. */
  readonly port?: number;
  /** The kinds of its fresh host keys; one ed25519 key when left out. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** Host keys to use in place of fresh ones. */
  readonly hostKeys?: readonly KeyPair[];
  /** The key it lets in; the one that laptops use when left out. */
  readonly clientKey?: KeyPair;
  /** Variables of its sessions beside HOME and XDG_STATE_HOME, which are private folders. */
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of sshd_config that win over ours, for example `MaxStartups 1`. */
  readonly config?: readonly string[];
  /** The alias of the host through which laptops shall go. */
  readonly jump?: string;
  /** Words before `sshd` that put it elsewhere and replace themselves by it, for example into a network namespace by `nsenter`. */
  readonly launcher?: readonly string[];
}

/** Says why an sshd cannot be started on this machine; undefined when it can. */
export async function canStartProcessSshd(): Promise<string | undefined> {
  if (findSshd() !== undefined) return undefined;
  return 'no sshd program on this machine; on Debian and Ubuntu: apt-get install openssh-server';
}

/**
 * Starts this machine's sshd on a loopback port, with a host key, a configuration, a log and a state folder of its own.
 *
 * @throws Error with the last lines of its log when it does not come up.
 */
export async function startProcessSshd(options: ProcessSshdOptions = {}): Promise<TestHost> {
  const sshd = findSshd();
  if (sshd === undefined) throw new Error(await canStartProcessSshd());
  const user = lookupUser(options.user);
  const folder = await mkdtemp(join(tmpdir(), 'outlast-sshd-'));
  const guardian = startGuardian(folder);
  const clear = async () => {
    await endProcessesOf(folder);
    await rm(folder, { recursive: true, force: true });
    await guardian.dismiss();
  };
  try {
    const { host, server } = await startInFolder(sshd, folder, user, options);
    return { ...host, stop: () => endServer(server).then(clear) };
  } catch (error) {
    await clear();
    throw error;
  }
}

async function startInFolder(
  sshd: string,
  folder: string,
  user: LocalUser,
  options: ProcessSshdOptions,
): Promise<{ host: TestHost; server: ChildProcess }> {
  const hostKeys = options.hostKeys ?? (options.hostKeyTypes ?? ['ed25519']).map((type) => generateKeyPair(type));
  const clientKey = options.clientKey ?? sharedClientKey();
  const port = options.port ?? (await findFreePort());
  const env = { ...buildSessionEnv(folder), ...options.env };
  await fillSshdFolder({ folder, port, user, hostKeys, clientKey, env, extra: options.config ?? [] });
  const server = await spawnSshd([...(options.launcher ?? []), sshd], folder);
  const { alias = 'sshd', jump } = options;
  const host = attachHost({
    alias,
    address: '127.0.0.1',
    port,
    user: user.name,
    hostKeys: hostKeys.map((pair) => pair.publicKey),
    ...(jump === undefined ? {} : { jump }),
    stateDir: join(env.XDG_STATE_HOME, 'outlast'),
    clientKey,
    access: {
      kind: 'local',
      user: user.name,
      home: user.home,
      env: buildLoginEnv(user, env),
      logPath: join(folder, 'log'),
    },
  });
  return { host, server };
}

async function spawnSshd([program = '', ...words]: readonly string[], folder: string): Promise<ChildProcess> {
  const logPath = join(folder, 'log');
  // -D keeps it our child, so that stopping it needs no pid from a file.
  const argv = [...words, '-D', '-f', join(folder, 'sshd_config'), '-E', logPath];
  const server = spawn(program, argv, { stdio: 'ignore', env: {}, cwd: '/' });
  let problem: string | undefined;
  server.once('error', (error) => {
    problem = error.message;
  });
  server.once('exit', (code, signal) => {
    problem = `it ended with ${signal ?? code}`;
  });
  const isUp = () => problem !== undefined || existsSync(join(folder, 'pid'));
  // The pid file appears once it listens.
  const isLate = await waitFor(isUp, { what: 'sshd to listen' }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (isLate !== undefined) server.kill('SIGKILL');
  const reason = problem ?? isLate;
  if (reason === undefined) return server;
  throw new Error(`sshd did not start: ${reason}\n${formatLastLines(await readFile(logPath, 'utf8'))}`);
}

async function endServer(server: ChildProcess): Promise<void> {
  const { pid } = server;
  if (pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  // Sessions outlive their listener: they are looked up while they are still its children.
  const ended = once(server, 'exit');
  server.kill('SIGSTOP');
  const sessions = findSameProgramBelow(pid);
  server.kill('SIGKILL');
  await ended;
  for (const session of sessions) killOne(session, 'SIGKILL');
  await waitFor(() => sessions.every(isGone), { what: 'the sessions of sshd to end' });
}

function findSshd(): string | undefined {
  return ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find((path) => existsSync(path));
}
