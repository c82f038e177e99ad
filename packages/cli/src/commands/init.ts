import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OutlastError, parseAppName, parsePort, quoteForMessage, quoteWord } from '@outlast/core';
import { buildIgnoreFile, buildInitTemplate, getSchemaLocation, type InitAnswers } from '../config/init-template.js';
import { type AppKind, type RecognisedApp, recogniseApp } from '../config/recognise-app.js';
import { readVersion } from '../output/print-version.js';
import type { Output } from '../output/streams.js';
import { EXIT } from './exit-code.js';
import { addOutputFlags, collect } from './flags.js';
import { askInit, type InitFlags, parseInitHosts, parseInitLine } from './init-questions.js';
import type { Verb } from './verb.js';

interface AllFlags extends InitFlags {
  readonly force?: boolean;
  readonly streamlit?: boolean;
}

const FILE_NAME = 'outlast.yaml';

/** `outlast init` */
export const initVerb: Verb = {
  configure(command) {
    command.option('-H, --host <host>', 'host to begin with', collect);
    command.option('--app <name>', 'name of the app', parseAppName);
    command.option('--run <line>', 'its shell line, where {port} is its port', parseInitLine);
    command.option('--port <n>', 'its port', parsePort);
    command.option(
      '--streamlit',
      'recognise the app in this folder (Streamlit, Gradio, FastAPI, Node, Python), and deploy it',
    );
    command.option('-y, --yes', 'ask nothing, examples stand for what is not given');
    command.option('--force', `replace an ${FILE_NAME} that is there`);
    addOutputFlags(command);
  },
  async run({ cwd, output, prompter, interrupt }, _args, flags: AllFlags) {
    const path = resolve(cwd, FILE_NAME);
    const recognised = flags.streamlit ? await recogniseApp(cwd) : undefined;
    const given: InitAnswers = {
      ...(flags.host === undefined ? {} : { hosts: parseInitHosts(flags.host.join(',')) }),
      ...(flags.app === undefined ? {} : { app: flags.app }),
      ...(flags.run === undefined ? {} : { run: flags.run }),
      ...(flags.port === undefined ? {} : { port: flags.port }),
    };
    // Whoever says something with flags is not asked for the rest.
    const mayAsk = prompter.interactive && !flags.yes;
    const isAnswered = Object.keys(given).length > 0 || flags.streamlit === true;
    const answers = mayAsk && !isAnswered ? await askInit(prompter, output) : given;
    if (answers === undefined) return giveUp(output, interrupt);
    const text = buildInitTemplate({
      ...answers,
      ...(recognised && { recognised }),
      schemaLocation: getSchemaLocation(readVersion()),
    });
    const isNew = await write(path, text, flags.force === true ? 'w' : 'wx');
    if (!isNew) {
      const mayReplace = mayAsk && (await prompter.confirm(`${path} is there already. Replace it? (yes/no)`));
      if (interrupt.aborted) return giveUp(output, interrupt);
      if (!mayReplace) throw createExistsError(path);
      await write(path, text, 'w');
    }
    const next = flags.streamlit ? 'outlast deploy' : 'outlast hosts';
    const first = given.hosts === undefined ? 'put your hosts in, then' : 'look it over, then';
    const what = flags.streamlit ? first : 'look it over, then see which hosts are meant with:';
    if (recognised !== undefined) output.note(describeRecognised(recognised));
    if (recognised?.needsIgnoreFile) {
      const ignored = resolve(cwd, '.outlastignore');
      if (await write(ignored, buildIgnoreFile(), 'wx'))
        output.note(`Wrote ${ignored}, for what is not to be uploaded.`);
    }
    output.note(`Wrote ${path}. Next: ${what} ${next}`);
    if (recognised === undefined) await noteRecognisable(output, cwd, answers);
    return 0;
  },
};

/** Says what this folder could be deployed as, to whoever did not ask for that. */
async function noteRecognisable(output: Output, cwd: string, { hosts, app }: InitAnswers): Promise<void> {
  const recognised = await recogniseApp(cwd);
  if (recognised.kind === 'unknown') return;
  const given = [...(hosts === undefined ? [] : ['-H', hosts.join(',')]), ...(app === undefined ? [] : ['--app', app])];
  const line = ['outlast init --streamlit --force', ...given.map((word) => quoteWord(word))].join(' ');
  output.note(`This folder holds ${nameKind(recognised)}. What deploys it from here is written by: ${line}`);
}

const KIND_NAMES: Readonly<Record<AppKind, string>> = {
  streamlit: 'a Streamlit app',
  gradio: 'a Gradio app',
  fastapi: 'a FastAPI app',
  node: 'a Node app',
  python: 'a Python program',
  unknown: 'no kind of app that is known',
};

function describeRecognised(recognised: RecognisedApp): string {
  const what = `This folder holds ${nameKind(recognised)}.`;
  return recognised.kind === 'unknown' ? `${what} Put in how it is run.` : what;
}

function nameKind({ kind, entry }: RecognisedApp): string {
  return `${KIND_NAMES[kind]}${entry === null ? '' : `, ${entry}`}`;
}

function giveUp(output: Output, interrupt: AbortSignal): number {
  output.note('Nothing was written.');
  return interrupt.aborted ? EXIT.interrupted : EXIT.usage;
}

/** False where a file is there that must not be replaced. */
async function write(path: string, text: string, flag: 'w' | 'wx'): Promise<boolean> {
  try {
    await writeFile(path, text, { flag });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutlastError('E_USAGE', `${quoteForMessage(path)} cannot be written: ${reason}`, { cause });
  }
}

function createExistsError(path: string): OutlastError {
  return new OutlastError('E_USAGE', `${quoteForMessage(path)} is there already`, { hint: 'replace it with --force' });
}
