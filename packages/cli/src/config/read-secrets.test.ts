import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutlastError } from '@outlast/core';
import { expect, onTestFinished, test } from 'vitest';
import { readSecrets, type SecretPlaces } from './read-secrets.js';

async function makePlaces(more: Partial<SecretPlaces> = {}): Promise<SecretPlaces> {
  const folder = await mkdtemp(join(tmpdir(), 'outlast-secrets-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const readInput = () => Promise.reject(new Error('the standard input was read'));
  return { env: { PATH: process.env.PATH }, folder, readInput, ...more };
}

async function catchError(promise: Promise<unknown>): Promise<OutlastError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof OutlastError) return error;
  throw new Error(`no error of ours: ${String(error)}`);
}

test('secrets come from the environment, a file, a command and the standard input', async () => {
  const env = { PATH: process.env.PATH, FROM_ENV: 'one', PREFIX: 'th' };
  const places = await makePlaces({ env, readInput: async (name) => `${name} typed\n` });
  await writeFile(join(places.folder, 'key'), 'two\nlines\n');
  expect(
    await readSecrets(
      [
        { name: 'FROM_ENV', variable: true },
        { name: 'FILE', file: 'key' },
        { name: 'COMMAND', command: 'printf "%s\\n" "${PREFIX}ree"; pwd | grep -q secrets || echo not in its folder' },
        { name: 'STDIN', stdin: true },
      ],
      places,
    ),
  ).toEqual({ FROM_ENV: 'one', FILE: 'two\nlines', COMMAND: 'three', STDIN: 'STDIN typed' });
});

test('what is not set is told by name, all at once', async () => {
  const secrets = ['A', 'B'].map((name) => ({ name, variable: true }) as const);
  const error = await catchError(readSecrets(secrets, await makePlaces()));
  expect([error.code, error.message]).toEqual(['E_USAGE', 'not set in the environment: A, B']);
});

test.each([
  ['a command that fails', { command: 'echo canary; exit 3' }, 'the command of the secret S failed: it ended with 3'],
  [
    'a command that is not there',
    { command: 'nowhere-4711 2>/dev/null' },
    'the command of the secret S failed: it ended with 127',
  ],
  ['a file that is not there', { file: 'nowhere' }, 'the file of the secret S cannot be read: ENOENT'],
  ['what is not UTF-8', { command: "printf '\\377canary'" }, 'the secret S is not UTF-8'],
  ['a NUL', { command: "printf 'canary\\000'" }, 'the secret S holds a NUL'],
])('%s is refused, and no value is shown', async (_what, source, message) => {
  const error = await catchError(readSecrets([{ name: 'S', ...source }], await makePlaces()));
  expect(error.message).toContain(message.slice(0, 30));
  expect(JSON.stringify(error) + error.stack).not.toContain('canary');
});

test.each([
  [{ name: 'KEY', file: 'key' }, 'its file'],
  [{ name: 'KEY', command: 'true' }, 'its command'],
  [{ name: 'KEY', stdin: true }, 'the standard input'],
] as const)('a secret that is nothing is refused: %j', async (secret, place) => {
  const places = await makePlaces({ readInput: async () => '' });
  await writeFile(join(places.folder, 'key'), '\n');
  const { code, message } = await catchError(readSecrets([secret], places));
  expect([code, message]).toEqual(['E_USAGE', `the secret KEY is empty: ${place} gave nothing`]);
});
