import { homedir, userInfo } from 'node:os';

/** Who runs this program, as the user database has it. */
export interface LocalUser {
  /** Empty for a user id without an entry. */
  readonly name: string;
  readonly uid: number;
  /** The home of the user database, which ssh takes in place of $HOME. */
  readonly home: string;
}

let known: LocalUser | undefined;

/** Reads the local user, once; falls back to $HOME where the user database has no entry. */
export function readLocalUser(): LocalUser {
  known ??= lookUpUser();
  return known;
}

function lookUpUser(): LocalUser {
  try {
    const { username, uid, homedir: home } = userInfo();
    return { name: username, uid, home };
  } catch {
    return { name: '', uid: process.getuid?.() ?? -1, home: homedir() };
  }
}
