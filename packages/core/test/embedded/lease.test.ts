import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildFollowScript } from '../../src/operations/follow.js';
import { wait } from '../../src/operations/wait.js';
import { createPrivateHost, type PrivateHost, readParent, readProc, waitFor } from './private-host.js';
import { findShell, SH_NAMES } from './shells.js';

const NONCE = 'n0nce';
const BEAT_MS = 500;
/** What a script may outlive its client by, however that went. */
const LEASE_MS = 2_000;
/** How long it may take to see that, where fourteen of these tests run at once. */
const LOOK_MS = 500;

const SCRIPTS: readonly (readonly [name: string, script: string])[] = [
  ['follow', buildFollow()],
  ['wait', wait.build({ app: 'web', seconds: 600 }, { nonce: NONCE })],
];

function buildFollow(): string {
  const cursor = { app: 'web', stream: 'combined', inode: null, offset: 0 } as const;
  return buildFollowScript({ cursors: [cursor], seconds: 600 }, { nonce: NONCE });
}

/** The script, what waits for its client, its timer with a sleep, and what it looks by. */
const MOST_PROCESSES = 8;

/** What some timer has slept by and left behind when it was told to end. */
function findOrphans(host: PrivateHost): number[] {
  const pids = host.pids();
  const isSleep = (pid: number) => /^sleep\0[\d.]{1,3}\0$/.test(readProc(pid, 'cmdline'));
  return pids.filter((pid) => isSleep(pid) && !pids.includes(readParent(pid)));
}

/**
 * Runs a script whose input stays open, says something again and again, and gives up doing so after a while, without closing anything.
 * Resolves to the milliseconds until nothing but `others` was left.
 */
async function outlive(host: PrivateHost, script: string, others = host.pids().length): Promise<number> {
  const { child } = host.launch(script, true);
  await waitFor(() => host.pids().length > others, 'it runs');
  let silentSince = 0;
  for (let beats = 0; beats < 6; beats++) {
    child.stdin?.write('\n');
    silentSince = performance.now();
    await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    expect(host.pids().length).toBeGreaterThan(others);
    expect(host.pids().length).toBeLessThanOrEqual(others + MOST_PROCESSES);
    expect(findOrphans(host)).toEqual([]);
  }
  await waitFor(() => host.pids().length === others, 'nothing of it is left');
  return performance.now() - silentSince;
}

describe.each(SH_NAMES)('with %s as sh', (shell) => {
  test.concurrent.for(SCRIPTS)(
    'a %s lives as long as its client says something, and no moment longer',
    async ([, script], ctx) => {
      const path = findShell(shell);
      if (path === undefined) return ctx.skip(`${shell} is not installed`);
      const host = await createPrivateHost(path);
      try {
        await host.start('web', ['sleep', '1000']);
        expect(await outlive(host, script)).toBeLessThan(LEASE_MS + LOOK_MS);
      } finally {
        await host.close();
      }
    },
  );
});

test('a follow that cannot get rid of what it reads is ended with all that it has started', async () => {
  const host = await createPrivateHost();
  try {
    await host.start('web', ['sleep', '1000']);
    writeFileSync(join(host.appDir('web'), 'log'), 'x'.repeat(10_000_000));
    // Whoever should read does not; that one and the shell that waits for it are still there at the end.
    const unread = host.reenter(['/bin/sh', '-c', 'setsid "$0" "$@" | sleep 1001']);
    expect(await outlive(unread, buildFollow(), host.pids().length + 2)).toBeLessThan(LEASE_MS + LOOK_MS);
  } finally {
    await host.close();
  }
});
