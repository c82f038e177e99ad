import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The address of the far end. */
export const FAR_ADDRESS = '10.9.0.2';

/** Starts a link whose delay can be set; this process has to be in a network namespace of its own. */
export async function startSlowLink() {
  const script = fileURLToPath(new URL('slow-link.py', import.meta.url));
  const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  if ((await lines.next()).done) throw new Error('there is no link: this takes Linux, root and /dev/net/tun');
  return {
    /** Words before a program that put it at the far end. */
    launcher: ['nsenter', `--net=/proc/${child.pid}/ns/net`],
    async setRoundTrip(ms) {
      child.stdin.write(`${ms / 2}\n`);
      await lines.next();
    },
    stop: () => child.stdin.end(),
  };
}
