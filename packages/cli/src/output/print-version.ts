import { readFileSync, writeSync } from 'node:fs';
import { getPackageFile } from '../package-file.js';

/** Reads the version of this program. */
export function readVersion(): string {
  const text = readFileSync(getPackageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/**
 * Prints the version with nothing loaded: scripts and prompts ask for it all day long, and the streams of Node alone would cost more than
 * the rest of it.
 */
export function printVersion(): void {
  writeSync(1, `${readVersion()}\n`);
}
