import { OutlastError, parseAppName, parsePort, parseProgramText } from '@outlast/core';
import { INIT_DEFAULTS, type InitAnswers } from '../config/init-template.js';
import { describeRule } from '../config/problem.js';
import { expandHostWords } from '../inventory/host-ranges.js';
import { parseHostSpec } from '../inventory/host-spec.js';
import type { Output } from '../output/streams.js';
import type { TextPrompter } from '../ssh/transport.js';

/** The flags of `init` that answer its questions, as commander leaves them. */
export interface InitFlags {
  readonly host?: readonly string[];
  readonly app?: string;
  readonly run?: string;
  readonly port?: number;
  readonly yes?: boolean;
}

/**
 * Asks for what the configuration begins with; what is refused is asked for again, with what is wrong.
 *
 * @returns undefined when the person gave up.
 */
export async function askInit(prompter: TextPrompter, output: Pick<Output, 'warn'>): Promise<InitAnswers | undefined> {
  type Parse<Value> = (text: string) => Value;
  const ask = async <Value>(question: string, fallback: string, parse: Parse<Value>): Promise<Value | undefined> => {
    const answer = await prompter.ask(question, fallback);
    if (answer === undefined) return undefined;
    try {
      return parse(answer);
    } catch (error) {
      output.warn(describeRule(error));
      return ask(question, fallback, parse);
    }
  };
  const { hosts, app, run, port } = INIT_DEFAULTS;
  const chosen = await ask('Hosts, with commas or as web[1-3]?', hosts.join(','), parseInitHosts);
  if (chosen === undefined) return undefined;
  const named = await ask('Name of the app?', app, parseAppName);
  if (named === undefined) return undefined;
  const line = await ask('Its shell line, where {port} is its port?', run, parseInitLine);
  if (line === undefined) return undefined;
  const number = await ask('Its port?', String(port), parsePort);
  return number === undefined ? undefined : { hosts: chosen, app: named, run: line, port: number };
}

/**
 * Reads the hosts to begin with.
 *
 * @throws OutlastError `E_USAGE` for a word that is no host.
 */
export function parseInitHosts(text: string): string[] {
  const words = expandHostWords(text);
  for (const word of words) parseHostSpec(word);
  return words;
}

/**
 * Checks a shell line.
 *
 * @throws OutlastError `E_USAGE` when it is empty or cannot be given to a program.
 */
export function parseInitLine(text: string): string {
  if (text.trim() === '') throw new OutlastError('E_USAGE', 'the shell line is empty');
  return parseProgramText(text, 'the shell line');
}
