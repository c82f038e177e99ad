import { formatSuggestion, OutlastError, quoteForMessage } from '@outlast/core';
import { Command, CommanderError } from 'commander';
import type { Verb, VerbEntry } from './commands/verb.js';
import { VERBS } from './commands/verbs.js';

/** What the arguments ask for. */
export interface Invocation {
  readonly entry: VerbEntry;
  readonly verb: Verb;
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
  /** What stood behind `--`; undefined when there was no `--`. */
  readonly argv: readonly string[] | undefined;
}

/** Text that was asked for in place of a verb, such as that of `--help`. */
export interface Information {
  readonly text: string;
}

/**
 * Reads the arguments behind the program's name. Only the verb that is asked for is loaded.
 *
 * @throws OutlastError `E_USAGE` with what is wrong and, where there is one, what was probably meant.
 */
export async function parseInvocation(words: readonly string[], version: string): Promise<Invocation | Information> {
  const dashes = words.indexOf('--');
  const own = resolveHelp(dashes < 0 ? words : words.slice(0, dashes));
  const argv = dashes < 0 ? undefined : words.slice(dashes + 1);
  const printed: string[] = [];
  refuseUnknownVerb(own[0]);
  const program = createProgram(version, printed);
  let invocation: Invocation | undefined;
  for (const entry of VERBS) {
    const command = program
      .command(entry.name)
      .description(entry.summary)
      .aliases([...entry.aliases])
      .allowExcessArguments(false);
    let verb: Verb | undefined;
    addVerbHook(program, command, async () => {
      verb = await entry.load();
      verb.configure(command);
      nameFlagsInErrors(command);
    });
    command.action(() => {
      if (verb !== undefined) invocation = { entry, verb, args: command.args, flags: command.opts(), argv };
    });
  }
  try {
    await program.parseAsync(own, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return explain(error, printed, own[0]);
    throw error;
  }
  return invocation ?? { text: program.helpInformation() };
}

function createProgram(version: string, printed: string[]): Command {
  const program = new Command('outlast')
    .description('Start processes on your servers over SSH, close the laptop, and they outlast you.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [verb]', 'show the help of a verb')
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText('after', '\nEvery verb has its own help: outlast help VERB. A program to run stands behind --.')
    .configureOutput({
      writeOut: (text) => printed.push(text),
      writeErr: (text) => printed.push(text),
      outputError: () => undefined,
    });
  program.action(() => undefined);
  program.allowExcessArguments();
  return program;
}

/** `help VERB` is `VERB --help`, for which the verb is loaded and its flags are known. */
function resolveHelp(words: readonly string[]): readonly string[] {
  const [first, verb] = words;
  return first === 'help' && verb !== undefined && !verb.startsWith('-') ? [verb, '--help'] : words;
}

/** Before commander looks at the flags behind it, which it would find unknown and blame instead. */
function refuseUnknownVerb(word: string | undefined): void {
  if (word === undefined || word.startsWith('-') || word === 'help') return;
  if (!listVerbNames().includes(word)) throw createUnknownVerbError(word);
}

function listVerbNames(): string[] {
  return VERBS.flatMap(({ name, aliases }) => [name, ...aliases]);
}

/** A verb's flags are declared when it is known to be the one. */
function addVerbHook(program: Command, command: Command, load: () => Promise<void>): void {
  program.hook('preSubcommand', async (_program, called) => {
    if (called === command) await load();
  });
}

/** Of many flags, an error about a value has to say which one it stands behind. */
function nameFlagsInErrors(command: Command): void {
  for (const option of command.options) {
    const { parseArg } = option;
    if (parseArg === undefined) continue;
    option.argParser((text, before: unknown) => {
      try {
        return parseArg(text, before);
      } catch (error) {
        if (!(error instanceof OutlastError)) throw error;
        const { code, message, details } = error;
        throw new OutlastError(code, `${option.long ?? option.flags}: ${message}`, { ...details, cause: error });
      }
    });
  }
}

function createUnknownVerbError(word: string): OutlastError {
  const suggestion = formatSuggestion(word, listVerbNames());
  return new OutlastError('E_USAGE', `there is no verb ${quoteForMessage(word)}${suggestion}`, {
    hint: 'see all of them with: outlast --help',
  });
}

/** Help and version leave commander as errors, too. */
function explain(error: CommanderError, printed: readonly string[], verb: string | undefined): Information {
  if (error.exitCode === 0) return { text: printed.join('') };
  if (error.code === 'commander.help') return { text: printed.join('') };
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const help = verb === undefined || verb.startsWith('-') ? 'outlast --help' : `outlast help ${verb}`;
  const behindDashes = error.code === 'commander.excessArguments' ? 'a program to run stands behind --; ' : '';
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? `${behindDashes}see: ${help}`;
  throw new OutlastError('E_USAGE', message, { hint, cause: error });
}
