import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutlastError } from '@outlast/core';

// A socket's path has room for 103 characters on every system. While ssh binds it, 17 more stand behind its name.
const LONGEST_BASE = 60;
// The path becomes part of a ProxyCommand, and ssh expands %, ~ and ${} in it.
const PLAIN_PATH = /^\/[A-Za-z0-9/._-]*$/;

/** A private folder for the sockets of one connection. */
export interface SocketFolder {
  readonly path: string;
  /** Where ssh listens for those who share its connection. */
  readonly controlPath: string;
  /** Where we listen for the questions of ssh. */
  readonly askpassPath: string;
  /** Removes it with all that is in it. */
  remove(): void;
}

/**
 * Makes a folder with mode 0700 at a short path, whatever TMPDIR says.
 *
 * @throws OutlastError `E_CONFIG` where there is no place for it.
 */
export function createSocketFolder(env: NodeJS.ProcessEnv): SocketFolder {
  const path = makeFolder([env.TMPDIR ?? tmpdir(), env.XDG_RUNTIME_DIR ?? '', '/tmp']);
  return {
    path,
    controlPath: join(path, 'm'),
    askpassPath: join(path, 'q'),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function makeFolder(bases: readonly string[]): string {
  let cause: unknown;
  for (const base of bases) {
    if (base.length > LONGEST_BASE || !PLAIN_PATH.test(base)) continue;
    try {
      return mkdtempSync(join(base, 'outlast-'));
    } catch (error) {
      cause = error;
    }
  }
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  throw new OutlastError('E_CONFIG', `there is no place for the sockets of ssh${why}`, {
    hint: `set TMPDIR to a folder that you may write to, with a plain path of at most ${LONGEST_BASE} characters`,
    cause,
  });
}
