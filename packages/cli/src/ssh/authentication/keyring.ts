import { OutlastError } from '@outlast/core';
import type { BaseAgent, ParsedKey } from 'ssh2';
import { readKeyType } from '../host-keys/fingerprint.js';
import { formatPassphraseQuestion, PASSPHRASE_TRIES, type Questions } from '../questions.js';
import type { Ssh2 } from '../ssh2/load-ssh2.js';
import { type KeyFile, type PrivateKeyFile, readKeyFile } from './key-file.js';
import { keepKeyObject, type Sign, signNow } from './signing-key.js';

// An agent is on this machine: one that takes longer hangs.
const AGENT_TIMEOUT_MS = 5_000;

/** The keys of the local user, each read, and each passphrase asked for, once a run. */
export interface Keyring {
  readFile(path: string): Promise<KeyFile>;
  /** Lists the keys of the agent at `socket`; those that ssh2 cannot read are missing. */
  listAgentKeys(socket: string): Promise<AgentKeys>;
  /** What lets the agent at `socket` sign with one of its keys. */
  signWithAgent(socket: string, key: ParsedKey): Sign;
  /** An ssh2 agent that knows just this one key. */
  buildOneKeyAgent(key: ParsedKey, sign: Sign): BaseAgent;
  /** An ssh2 agent for an encrypted file: asks for its passphrase once the host has asked for a signature. */
  buildFileSigner(file: PrivateKeyFile): BaseAgent;
  /** Parses a file that is not encrypted; undefined when ssh2 cannot. */
  parsePlainKey(file: PrivateKeyFile): ParsedKey | undefined;
}

/** What the agent holds, or why that is not known. */
export interface AgentKeys {
  readonly keys: readonly ParsedKey[];
  readonly problem: string | undefined;
}

/** Creates the keyring of a run; `signal` ends the run. */
export function createKeyring(ssh2: Ssh2, questions: Questions, signal: AbortSignal): Keyring {
  const files = new Map<string, Promise<KeyFile>>();
  const agents = new Map<string, Promise<AgentKeys>>();
  const decrypted = new Map<string, Promise<ParsedKey>>();
  const plain = new Map<string, ParsedKey | undefined>();
  return {
    readFile: (path) => remember(files, path, () => readKeyFile(path)),
    listAgentKeys: (socket) => remember(agents, socket, () => listAgentKeys(ssh2, socket)),
    signWithAgent: (socket, key) => signWithAgent(ssh2, socket, key),
    buildOneKeyAgent: (key, sign) => buildOneKeyAgent(ssh2, () => Promise.resolve(key), sign),
    buildFileSigner(file) {
      const decrypt = (): Promise<ParsedKey> =>
        remember(decrypted, file.path, () => askAndDecrypt(ssh2, file, questions, signal));
      return buildFileSigner(ssh2, file, decrypt);
    },
    parsePlainKey(file) {
      if (!plain.has(file.path)) plain.set(file.path, parseKey(ssh2, file.text));
      return plain.get(file.path);
    },
  };
}

function remember<T>(known: Map<string, Promise<T>>, key: string, load: () => Promise<T>): Promise<T> {
  const value = known.get(key) ?? load();
  known.set(key, value);
  return value;
}

function parseKey(ssh2: Ssh2, text: string, passphrase?: string): ParsedKey | undefined {
  // OpenSSH's own format comes as a list of one.
  const parsed = ([ssh2.utils.parseKey(text, passphrase)] as (ParsedKey | ParsedKey[] | Error)[]).flat()[0];
  return parsed === undefined || parsed instanceof Error ? undefined : keepKeyObject(parsed);
}

function listAgentKeys(ssh2: Ssh2, socket: string): Promise<AgentKeys> {
  return new Promise((resolve) => {
    const settle = (problem: string | undefined, keys: readonly ParsedKey[] = []): void => {
      clearTimeout(timer);
      resolve({ keys, problem });
    };
    const timer = setTimeout(() => settle('did not answer'), AGENT_TIMEOUT_MS);
    ssh2.createAgent(socket).getIdentities((error, keys) => {
      if (error) settle('cannot be reached');
      else settle(undefined, (keys ?? []) as ParsedKey[]);
    });
  });
}

function signWithAgent(ssh2: Ssh2, socket: string, key: ParsedKey): Sign {
  const agent = ssh2.createAgent(socket);
  return (data, hash) =>
    new Promise((resolve, reject) => {
      const options = hash === undefined ? {} : { hash: hash as 'sha256' | 'sha512' };
      agent.sign(key, data, options, (error, signature) => {
        if (signature === undefined) reject(error ?? new Error('the agent gave no signature'));
        else resolve(signature);
      });
    });
}

function buildFileSigner(ssh2: Ssh2, file: PrivateKeyFile, decrypt: () => Promise<ParsedKey>): BaseAgent {
  const { publicKey } = file;
  const loadPublic = async (): Promise<ParsedKey> => {
    // Without a readable public half the passphrase is needed to know which key this is.
    const type = publicKey === undefined ? undefined : readKeyType(publicKey);
    const half = type === undefined ? undefined : parseKey(ssh2, `${type} ${publicKey?.toString('base64')}`);
    return half ?? decrypt();
  };
  return buildOneKeyAgent(ssh2, loadPublic, async (data, hash) => signNow(await decrypt(), data, hash));
}

/** An ssh2 agent of one key: what lets ssh2 wait for a signature. */
function buildOneKeyAgent(ssh2: Ssh2, load: () => Promise<ParsedKey>, sign: Sign): BaseAgent {
  class OneKeyAgent extends ssh2.BaseAgent {
    override getIdentities(done: (error?: Error | null, keys?: ParsedKey[]) => void): void {
      load().then(
        (key) => done(null, [key]),
        (error: Error) => done(error),
      );
    }
    override sign(_key: unknown, data: Buffer, options: unknown, done?: unknown): void {
      const callback = done as (error?: Error | null, signature?: Buffer) => void;
      sign(data, (options as { hash?: string } | undefined)?.hash).then(
        (signature) => callback(null, signature),
        (error: Error) => callback(error),
      );
    }
  }
  return new OneKeyAgent();
}

async function askAndDecrypt(
  ssh2: Ssh2,
  file: PrivateKeyFile,
  questions: Questions,
  signal: AbortSignal,
): Promise<ParsedKey> {
  return questions.ask(signal, async (prompter) => {
    for (let tries = 1; tries <= PASSPHRASE_TRIES; tries++) {
      const passphrase = await prompter.secret(formatPassphraseQuestion(file.path, tries));
      if (passphrase === undefined) break;
      const key = parseKey(ssh2, file.text, passphrase);
      if (key !== undefined) return key;
    }
    throw new OutlastError('E_AUTH', `${file.path} stays locked: no passphrase`);
  });
}
