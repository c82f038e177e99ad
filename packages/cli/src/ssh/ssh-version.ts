import { execFile } from 'node:child_process';

/** Reads what the `ssh` on PATH calls itself, such as `OpenSSH_9.2p1 Debian-2`; null where there is no ssh. */
export function readSshVersion(env: NodeJS.ProcessEnv): Promise<string | null> {
  return new Promise((resolve) => {
    execFile('ssh', ['-V'], { env }, (error, _stdout, stderr) => {
      if (error?.code === 'ENOENT') resolve(null);
      else resolve(stderr.split(/[,\n]/)[0] || 'an ssh that does not tell its version');
    });
  });
}
