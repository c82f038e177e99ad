import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that is soon full. */
export interface SmallDisk {
  /** Uses it up until so many blocks, or so many inodes, are free. */
  fill(kind: 'blocks' | 'inodes', free: number): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  unmount(): void;
}

const BLOCKS = 64;
const INODES = 64;

/** Says why no file system can be mounted on this machine; undefined when one can. */
export function findWhyNothingCanBeMounted(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-disk-'));
  try {
    mountSmallDisk(folder).unmount();
    return undefined;
  } catch (error) {
    return `a tmpfs can only be mounted as root: ${(error as Error).message}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mounts one on a folder. */
export function mountSmallDisk(folder: string): SmallDisk {
  run('mount', '-t', 'tmpfs', '-o', `nr_blocks=${BLOCKS},nr_inodes=${INODES},mode=700`, 'outlast-test', folder);
  const filling = join(folder, 'filling');
  return {
    fill(kind, free) {
      mkdirSync(filling, { recursive: true });
      writeFileSync(join(filling, '0'), '');
      const stats = statfsSync(folder);
      if (kind === 'blocks')
        writeFileSync(join(filling, '0'), Buffer.alloc(Math.max(0, stats.bavail - free) * stats.bsize));
      else for (let left = stats.ffree; left > free; left--) writeFileSync(join(filling, String(left)), '');
    },
    makeRoom() {
      // Folder by folder, since one of them may be gone already.
      if (readdirSync(folder).includes('filling')) rmSync(filling, { recursive: true });
    },
    unmount: () => run('umount', '--lazy', folder),
  };
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw error ?? new Error(stderr.trim());
}
