import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Cleans up behind this process should it die before it could do so itself, by KILL for example. */
export interface Guardian {
  /** Tells it that all is cleaned up; it ends without doing anything. */
  dismiss(): Promise<void>;
}

// Waits for a line. The end of its input instead of a line means that whoever should have written it is gone.
const SCRIPT = `
folder=$1
if read -r _; then exit 0; fi
for process in /proc/[0-9]*; do
  pid=\${process#/proc/}
  [ "$pid" = "$$" ] && continue
  if grep -qsaF "$folder" "$process/environ" || grep -qsaF "$folder" "$process/cmdline"; then
    kill -s KILL "$pid"
  fi
done
rm -rf "$folder"
`;

/**
 * Starts a guardian of a temporary folder: when this process dies, it kills the processes that name the folder in
 * their argv or environment, and removes the folder.
 */
export function startGuardian(folder: string): Guardian {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'outlast-test-guardian', folder], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C at a terminal must not reach it.
    detached: true,
  });
  child.on('error', () => undefined);
  child.unref();
  const input = child.stdin as Socket;
  input.on('error', () => undefined);
  input.unref();
  return {
    async dismiss() {
      if (child.pid === undefined || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.ref();
      input.end('done\n');
      await ended;
    },
  };
}
