import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { OutlastError, quoteForMessage } from '@outlast/core';
import { mergeShards, type NamedDocument } from '../merge/merge-shards.js';
import { readDocuments } from '../merge/read-documents.js';
import { formatJson } from '../output/json.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { EXIT } from './exit-code.js';
import type { Verb, VerbEntry } from './verb.js';

/** `outlast merge <file…>` */
export const mergeVerb: Verb = {
  configure(command) {
    command.argument('<file...>', 'what --json --shard i/n has printed, one file a shard; - reads stdin');
    command.option('-v, --verbose', 'show causes and stacks of errors');
  },
  async run(context, files) {
    const named = await readUnlessInterrupted(context, files);
    if (named === undefined) return EXIT.interrupted;
    const { document, run } = mergeShards(named as [NamedDocument, ...NamedDocument[]]);
    const verb = await findVerb(context, String(document.verb)).load();
    await context.output.data(formatJson(document));
    return (verb.combineExits ?? combineExits)(run);
  },
};

async function readUnlessInterrupted(
  { stdin, cwd, interrupt }: Context,
  files: readonly string[],
): Promise<readonly NamedDocument[] | undefined> {
  try {
    return await readDocuments(files, { stdin: stdin as Readable, interrupt, resolve: (file) => resolve(cwd, file) });
  } catch (error) {
    if (interrupt.aborted) return undefined;
    throw error;
  }
}

function findVerb({ verbs }: Context, name: string): VerbEntry {
  const entry = verbs.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  throw new OutlastError('E_USAGE', `the documents are of ${quoteForMessage(name)}, which is no verb of this outlast`, {
    hint: 'merge them with the version of outlast that has printed them',
  });
}
