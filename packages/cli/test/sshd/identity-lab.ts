import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyPair, type Laptop, runOrThrow, waitFor } from '@outlast/test-fixtures';
import { onTestFinished } from 'vitest';

/** Writes the private half of a key into the laptop's `.ssh`; gives its path. */
export async function addKeyFile(laptop: Laptop, name: string, pair: KeyPair): Promise<string> {
  const path = join(laptop.home, '.ssh', name);
  await writeFile(path, pair.privateKey, { mode: 0o600 });
  return path;
}

/** Starts an agent that holds these keys and ends with the test; gives its socket. */
export async function startAgent(laptop: Laptop, keyFiles: readonly string[]): Promise<string> {
  const socket = join(laptop.home, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  onTestFinished(() => void agent.kill());
  const env = { SSH_AUTH_SOCK: socket };
  const listens = async () => (await runOrThrow(['ssh-add', '-D'], { env: { ...process.env, ...env } })) === '';
  await waitFor(listens, { what: 'the agent' });
  for (const file of keyFiles) await runOrThrow(['ssh-add', '-q', file], { env: { ...process.env, ...env } });
  return socket;
}
