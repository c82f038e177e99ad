import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { canStartDocker, startComposeHosts } from '@outlast/test-fixtures';
import type { TestProject } from 'vitest/node';

let takeDown: (() => Promise<void>) | undefined;

/** Brings the dockerized hosts up, once for all test files. */
export async function setup(project: TestProject): Promise<void> {
  const missing = await canStartDocker();
  if (missing !== undefined) {
    project.provide('docker', { missing });
    return;
  }
  const dismiss = startSuccessor();
  const compose = await startComposeHosts({ report: (line) => process.stderr.write(`${line}\n`) });
  takeDown = async () => {
    await compose.stop();
    await dismiss();
  };
  project.provide('docker', { facts: compose.facts });
}

/** Takes down what `setup` has brought up. */
export async function teardown(): Promise<void> {
  await takeDown?.();
}

// Waits for a line. The end of its input instead means that the tests have ended without their teardown, as Ctrl-C makes
// vitest do. Bringing the hosts up takes down those of processes that are gone; then the engine goes, too.
const SUCCESSOR = `
import { once } from 'node:events';
import { startComposeHosts } from '@outlast/test-fixtures';
process.stdin.resume();
const word = await Promise.race([once(process.stdin, 'data'), once(process.stdin, 'end')]);
if (word.length === 0) await (await startComposeHosts()).stop();
process.exit();
`;

/** Starts a process that takes the hosts down should this one end before it could do so itself; gives what dismisses it. */
function startSuccessor(): () => Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SUCCESSOR], {
    cwd: import.meta.dirname,
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C at a terminal must not reach it.
    detached: true,
  });
  child.unref();
  return async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin.end('done\n');
    await ended;
  };
}
