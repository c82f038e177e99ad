import { execFile } from 'node:child_process';

const LONGEST_MS = 5_000;

/** What a folder was made from, as git calls it: `1a2b3c4d5e6f`, `…-dirty` where what git knows of was changed since; null where git knows nothing of it. */
export function readCommit(folder: string): Promise<string | null> {
  const args = ['-C', folder, 'describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  return new Promise((resolve) => {
    execFile('git', args, { timeout: LONGEST_MS, encoding: 'utf8' }, (error, stdout) => {
      const said = stdout.trim();
      resolve(error === null && /^[0-9a-f]{4,64}(?:-dirty)?$/.test(said) ? said : null);
    });
  });
}
