import { isUtf8 } from 'node:buffer';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { OutlastError, parseProgramText } from '@outlast/core';
import type { SecretSource } from './resolve-app.js';

/** What secrets may be taken from. */
export interface SecretPlaces {
  readonly env: NodeJS.ProcessEnv;
  /** The folder of the configuration: relative paths start there, and commands run there. */
  readonly folder: string;
  /** Reads all of the standard input, or asks for the secret of that name on a terminal. */
  readInput(name: string): Promise<string>;
}

/**
 * Takes the secrets of an app from where the configuration says that they are. The line break at the end of a file, of what a command prints and of the
 * standard input is none of theirs.
 *
 * @throws OutlastError `E_USAGE` for one that is not there; never shows a value.
 */
export async function readSecrets(
  secrets: readonly SecretSource[],
  places: SecretPlaces,
): Promise<Record<string, string>> {
  const missing = secrets.flatMap((each) =>
    'variable' in each && places.env[each.name] === undefined ? [each.name] : [],
  );
  if (missing.length > 0) {
    throw new OutlastError('E_USAGE', `not set in the environment: ${missing.join(', ')}`, {
      hint: 'the configuration lists them under `secrets:`',
    });
  }
  const values: Record<string, string> = {};
  // One after the other: each may ask something.
  for (const secret of secrets) {
    const value = parseProgramText(await readSecret(secret, places), `the secret ${secret.name}`);
    // Set to nothing in the environment is a choice; nothing to read is a mistake, as in a job whose input nobody has given.
    if (value === '' && !('variable' in secret))
      throw new OutlastError('E_USAGE', `the secret ${secret.name} is empty: ${describePlace(secret)} gave nothing`);
    values[secret.name] = value;
  }
  return values;
}

function describePlace(secret: SecretSource): string {
  if ('stdin' in secret) return 'the standard input';
  return 'file' in secret ? 'its file' : 'its command';
}

async function readSecret(secret: SecretSource, { env, folder, readInput }: SecretPlaces): Promise<string> {
  const { name } = secret;
  if ('variable' in secret) return env[name] ?? '';
  if ('stdin' in secret) return trimEnd(await readInput(name));
  if ('file' in secret) return trimEnd(decode(name, await readSecretFile(name, resolve(folder, secret.file))));
  return trimEnd(decode(name, await runCommand(name, secret.command, { env, folder })));
}

async function readSecretFile(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new OutlastError('E_USAGE', `the file of the secret ${name} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** It may ask for a passphrase: so it has the terminal. */
async function runCommand(
  name: string,
  line: string,
  { env, folder }: Pick<SecretPlaces, 'env' | 'folder'>,
): Promise<Buffer> {
  const child = spawn(line, { shell: true, cwd: folder, env, stdio: ['inherit', 'pipe', 'inherit'] });
  const ended = new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(code === 0 ? undefined : `it ended with ${signal ?? code}`));
  });
  const printed = await buffer(child.stdout);
  const problem = await ended;
  if (problem === undefined) return printed;
  throw new OutlastError('E_USAGE', `the command of the secret ${name} failed: ${problem}`, {
    hint: 'try it in your own shell',
  });
}

function decode(name: string, bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  throw new OutlastError('E_USAGE', `the secret ${name} is not UTF-8`, { hint: 'encode it, for example with base64' });
}

function trimEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
