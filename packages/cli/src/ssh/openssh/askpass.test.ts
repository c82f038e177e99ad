import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createDeferred } from '../deferred.js';
import { type AskpassHandlers, startAskpass } from './askpass.js';

async function listen(handlers: Partial<AskpassHandlers>) {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-askpass-'));
  const askpass = await startAskpass(join(folder, 'q'), {
    answer: async () => undefined,
    notice: () => undefined,
    ...handlers,
  });
  onTestFinished(() => {
    askpass.close();
    rmSync(folder, { recursive: true });
  });
  return askpass;
}

/** As ssh does it. */
function ask(env: NodeJS.ProcessEnv, prompt: string, kind?: string) {
  const program = spawn(env.SSH_ASKPASS ?? '', [prompt], {
    env: { ...process.env, ...env, ...(kind === undefined ? {} : { SSH_ASKPASS_PROMPT: kind }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  program.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  const ended = new Promise<{ stdout: string; code: number | null }>((resolve) =>
    program.on('close', (code) => resolve({ stdout, code })),
  );
  return { program, ended };
}

test('a question is handed on with who asks it, and its answer printed', async () => {
  const { env } = await listen({ answer: async (prompt, pid) => `<${prompt}${pid}>` });
  const stdout = `<Enter "it"\nnow: ${process.pid}>\n`;
  expect(await ask(env, 'Enter "it"\nnow: ').ended).toEqual({ stdout, code: 0 });
});

test('a question that nobody answers fails', async () => {
  expect(await ask((await listen({})).env, 'Password: ').ended).toEqual({ stdout: '', code: 1 });
  const failing = await listen({ answer: () => Promise.reject(new Error('aborted')) });
  expect(await ask(failing.env, 'Password: ').ended).toEqual({ stdout: '', code: 1 });
});

test('what is only to be shown is shown until ssh takes it away', async () => {
  const shown = createDeferred<string>();
  const { env } = await listen({ notice: shown.resolve });
  const { program, ended } = ask(env, 'Confirm user presence for key ED25519-SK', 'none');
  onTestFinished(async () => {
    expect(program.exitCode).toBeNull();
    program.kill();
    await ended;
  });
  expect(await shown.promise).toBe('Confirm user presence for key ED25519-SK');
});

test('where nobody listens the question fails', async () => {
  const { env, close } = await listen({});
  close();
  expect(await ask(env, 'Password: ').ended).toEqual({ stdout: '', code: 1 });
});

test('where there is no place for its socket it says so', async () => {
  await expect(startAskpass('/no-such-folder/q', { answer: async () => '', notice: () => undefined })).rejects.toThrow(
    /listen/,
  );
});
