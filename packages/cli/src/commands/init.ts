import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OutlastError, quoteForMessage } from '@outlast/core';
import { buildInitTemplate } from '../config/init-template.js';
import { expandHostWords } from '../inventory/host-ranges.js';
import { parseHostSpec } from '../inventory/host-spec.js';
import { addOutputFlags, collect } from './flags.js';
import type { Verb } from './verb.js';

interface InitFlags {
  readonly host?: readonly string[];
  readonly force?: boolean;
}

const FILE_NAME = 'outlast.yaml';

/** `outlast init` */
export const initVerb: Verb = {
  configure(command) {
    command.option('-H, --host <host>', 'host to begin with', collect);
    command.option('--force', `replace an ${FILE_NAME} that is there`);
    addOutputFlags(command);
  },
  async run({ cwd, output }, _args, { host = [], force = false }: InitFlags) {
    const hosts = host.flatMap(expandHostWords);
    for (const word of hosts) parseHostSpec(word);
    const path = resolve(cwd, FILE_NAME);
    try {
      await writeFile(path, buildInitTemplate({ hosts }), { flag: force ? 'w' : 'wx' });
    } catch (cause) {
      throw createWriteError(path, cause);
    }
    output.note(`Wrote ${path}. Next: write your hosts and your app into it, then: outlast hosts`);
    return 0;
  },
};

function createWriteError(path: string, cause: unknown): OutlastError {
  const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return exists
    ? new OutlastError('E_USAGE', `${quoteForMessage(path)} is there already`, { hint: 'replace it with --force' })
    : new OutlastError('E_USAGE', `${quoteForMessage(path)} cannot be written: ${reason}`, { cause });
}
