import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The path of a file of this package, wherever in it the module that asks has been built to. */
export function getPackageFile(path: string): string {
  return join(dirname(createRequire(import.meta.url).resolve('outlast/package.json')), path);
}
