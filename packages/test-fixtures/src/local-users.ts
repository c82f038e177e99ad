import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** A user of this machine. */
export interface LocalUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/**
 * Looks a user of this machine up; without a name, the one who runs this process.
 *
 * @throws Error when there is no such user.
 */
export function lookupUser(name?: string): LocalUser {
  if (name === undefined) {
    const { username, uid, gid, homedir, shell } = userInfo();
    return { name: username, uid, gid, home: homedir, shell: shell ?? '/bin/sh' };
  }
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [found, , uid, gid, , home = '/', shell = '/bin/sh'] = line.split(':');
    if (found === name) return { name, uid: Number(uid), gid: Number(gid), home, shell };
  }
  throw new Error(`this machine has no user ${name}`);
}

/** Says whether the password of a user is locked, which sshd without PAM takes for a locked account. */
export function isPasswordLocked(name: string): boolean {
  try {
    const line = readFileSync('/etc/shadow', 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    return line?.split(':')[1]?.startsWith('!') ?? false;
  } catch {
    // Only root can read it; an sshd of another user cannot use PAM anyway.
    return false;
  }
}
