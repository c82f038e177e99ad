import { OutlastError } from '@outlast/core';
import { Command } from 'commander';
import { buildCompletionScript } from '../completion/build-completion-script.js';
import type { CompletionFlag, CompletionVerb, CompletionWords } from '../completion/completion-model.js';
import type { Context } from './context.js';
import { loadConfiguration } from './load-configuration.js';
import type { Verb, VerbEntry } from './verb.js';

interface CompletionFlags {
  readonly listHosts?: boolean;
  readonly listGroups?: boolean;
  readonly listApps?: boolean;
}

/** What follows these flags; any other that takes something takes a plain value. */
const WORDS_OF: ReadonlyMap<string, CompletionWords> = new Map([
  ['--host', 'host'],
  ['--exclude', 'host'],
  ['--limit', 'host'],
  ['--jump', 'host'],
  ['--group', 'group'],
  ['--hosts-file', 'file'],
  ['--inventory', 'file'],
  ['--config', 'file'],
  ['--ssh-config', 'file'],
  ['--identity', 'file'],
  ['--env-file', 'file'],
]);

/** `outlast completion <shell>` */
export const completionVerb: Verb = {
  configure(command) {
    command.argument('[shell]', 'bash, zsh or fish');
    command.option('--list-hosts', 'the configured hosts and the aliases of the ssh configuration, for the completion');
    command.option('--list-groups', 'the configured groups, for the completion');
    command.option('--list-apps', 'the configured apps, for the completion');
  },
  async run(context, [shell], flags: CompletionFlags) {
    const list = await listNames(context, flags);
    if (list !== undefined) {
      await context.output.data(list.map((name) => `${name}\n`).join(''));
      return 0;
    }
    if (shell === undefined)
      throw new OutlastError('E_USAGE', 'for which shell?', { hint: 'for example: outlast completion bash' });
    const verbs = await Promise.all(context.verbs.map(describeVerb));
    await context.output.data(
      buildCompletionScript(shell, { verbs, flags: [{ flag: '--version', summary: 'print the version' }] }),
    );
    return 0;
  },
};

async function listNames(
  context: Context,
  { listHosts, listGroups, listApps }: CompletionFlags,
): Promise<string[] | undefined> {
  if (!listHosts && !listGroups && !listApps) return undefined;
  const { hosts, groups, apps } = await loadConfiguration(context, {});
  if (listHosts) return [...new Set([...hosts.keys(), ...(await listAliases())])];
  return [...(listGroups ? groups : apps).keys()];
}

/** What `ssh` would be given: read from its files, since somebody waits for the next key. */
async function listAliases(): Promise<string[]> {
  const { listHostAliases, readConfigFiles } = await import('../ssh/configuration/config-files.js');
  return listHostAliases(await readConfigFiles(undefined));
}

async function describeVerb({ name, aliases, summary, load }: VerbEntry): Promise<CompletionVerb> {
  const command = new Command(name);
  (await load()).configure(command);
  const flags = command.options.map(({ flags: forms, long, description, required }): CompletionFlag => {
    const takes = required ? (WORDS_OF.get(long ?? '') ?? 'value') : undefined;
    return { flag: forms.replace(/\s*<.*$/, ''), summary: description, ...(takes === undefined ? {} : { takes }) };
  });
  const takes = (['app', 'file'] as const).find((word) =>
    command.registeredArguments.some((argument) => argument.name() === word),
  );
  return { name, aliases, summary, flags, ...(takes === undefined ? {} : { takes }) };
}
