import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from './keys.js';
import { isPasswordLocked, type LocalUser } from './local-users.js';

/** What the folder of an sshd is filled from. */
export interface SshdSetup {
  readonly folder: string;
  readonly port: number;
  readonly user: LocalUser;
  readonly hostKeys: readonly KeyPair[];
  readonly clientKey: KeyPair;
  /** The environment of its sessions, beside what sshd itself sets. */
  readonly env: Readonly<Record<string, string>>;
  /** Lines of sshd_config that win over ours. */
  readonly extra: readonly string[];
}

/** Writes what an sshd needs into its folder: keys, configuration, an empty log, a home and a state folder for its user. */
export async function fillSshdFolder(setup: SshdSetup): Promise<void> {
  const { folder, user, hostKeys, clientKey } = setup;
  // Others may look for their state folder and the authorised keys in here; nothing else can be read by them.
  await chmod(folder, 0o711);
  for (const [index, pair] of hostKeys.entries()) {
    await writeFile(join(folder, `host_key_${index}`), pair.privateKey, { mode: 0o600 });
  }
  await writeFile(join(folder, 'authorized_keys'), `${clientKey.publicKey}\n`, { mode: 0o644 });
  await writeFile(join(folder, 'sshd_config'), buildSshdConfig(setup), { mode: 0o600 });
  await writeFile(join(folder, 'log'), '', { mode: 0o600 });
  for (const name of ['home', 'state']) await mkdir(join(folder, name), { mode: 0o700 });
  if (process.getuid?.() !== 0) return;
  for (const name of ['home', 'state']) await chown(join(folder, name), user.uid, user.gid);
  // The folder of privilege separation is made by the service, which does not run here.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
}

/** Builds the environment that a login through this sshd has, as far as tests can tell. */
export function buildLoginEnv(user: LocalUser, env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    USER: user.name,
    LOGNAME: user.name,
    SHELL: user.shell,
    ...env,
  };
}

/**
 * Builds the environment of the sessions: a home of their own, since the rc files of whoever runs the tests are slow, and a session
 * that a test kills in the middle of them may leave things behind there.
 */
export function buildSessionEnv(folder: string): { HOME: string; XDG_STATE_HOME: string } {
  return { HOME: join(folder, 'home'), XDG_STATE_HOME: join(folder, 'state') };
}

function buildSshdConfig({ folder, port, user, hostKeys, env, extra }: SshdSetup): string {
  const keyLines = hostKeys.map((_, index) => `HostKey ${folder}/host_key_${index}`);
  // sshd takes the first value of a keyword, so a test's own lines stand in front.
  const lines = [
    ...extra,
    // A keyword of which all values count, and ours is one of all addresses.
    ...(extra.some((line) => line.startsWith('ListenAddress 0.0.0.0:')) ? [] : [`ListenAddress 127.0.0.1:${port}`]),
    ...keyLines,
    `PidFile ${folder}/pid`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `AllowUsers ${user.name}`,
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'StrictModes no',
    `UsePAM ${isPasswordLocked(user.name) ? 'yes' : 'no'}`,
    // sshd takes the first SetEnv alone, so all variables stand in one.
    `SetEnv ${Object.entries(env)
      .map(([name, value]) => `"${name}=${value}"`)
      .join(' ')}`,
    'LogLevel VERBOSE',
    // A keyword of which sshd takes the last value.
    ...(extra.some((line) => line.startsWith('MaxStartups ')) ? [] : ['MaxStartups 200']),
    'UseDNS no',
    'PrintMotd no',
    'Subsystem sftp internal-sftp',
  ];
  return `${lines.join('\n')}\n`;
}
