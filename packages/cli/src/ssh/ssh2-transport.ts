import { OutlastError } from '@outlast/core';
import { addHost } from './connect-errors.js';
import { connectHost, type Run } from './connect-host.js';
import { buildAbortReason, raceSignal } from './deadline.js';
import { createHostMemory } from './host-memory.js';
import type { HostSettings } from './host-settings.js';
import { createHops } from './jump.js';
import { createKeyring } from './keyring.js';
import { createKnownHostsStore } from './known-hosts-store.js';
import { loadSsh2 } from './load-ssh2.js';
import { openUnlessAborted } from './lost-host.js';
import { createQuestions } from './questions.js';
import type { SessionTools } from './session.js';
import { createHostResolver } from './ssh-config.js';
import { hastenVerification } from './ssh2-inner.js';
import type { ConnectOptions, Prompter, SshOptions, Target, Transport } from './transport.js';

/** What the ssh2 transport is made of. */
export interface Ssh2TransportOptions {
  readonly sshOptions: SshOptions;
  readonly prompter: Prompter;
  /** Environment in which `ssh` and ProxyCommands run, and in which SSH_AUTH_SOCK is looked up. */
  readonly env: NodeJS.ProcessEnv;
  /** The file in which hosts are remembered from one run to the next; without one they are not. */
  readonly memoryFile?: string;
  /** Told what is worth knowing and no error. */
  warn?(message: string): void;
}

/** Creates the transport that speaks SSH through the ssh2 library, configured as `ssh` would be. */
export function createSsh2Transport(options: Ssh2TransportOptions): Transport {
  const run = createRun(options);
  return {
    async connect(target, connectOptions) {
      const settings = await resolveTarget(target, run, connectOptions);
      return (await connectHost(target, settings, run, connectOptions)).connection;
    },
    async connectAndExec(target, request, connectOptions) {
      const settings = await resolveTarget(target, run, connectOptions);
      const host = await connectHost(target, settings, run, { ...connectOptions, request });
      const { connection } = host;
      const opening = host.channel ?? connection.exec(request);
      try {
        return { connection, channel: await openUnlessAborted(opening, connectOptions.signal) };
      } catch (error) {
        await connection.close();
        throw addHost(error, target.name);
      }
    },
    async close() {
      run.end.abort(new OutlastError('E_CONNECT_CLOSED', 'the transport was closed'));
      await Promise.all([run.hops.close(), run.memory.save()]);
    },
  };
}

async function resolveTarget(target: Target, run: Run, { signal }: ConnectOptions): Promise<HostSettings> {
  const resolving = run.resolve(target);
  try {
    return await (signal === undefined ? resolving : raceSignal(resolving, signal));
  } catch (error) {
    throw addHost(signal?.aborted === true ? buildAbortReason(signal.reason) : error, target.name);
  }
}

function createRun({ sshOptions, prompter, env, memoryFile, warn = () => undefined }: Ssh2TransportOptions): Run {
  const resolve = createHostResolver({ sshOptions, env, warn });
  const questions = createQuestions(prompter);
  const end = new AbortController();
  const memory = createHostMemory(memoryFile);
  let tools: Promise<SessionTools> | undefined;
  const run: Run = {
    resolve,
    questions,
    env,
    end,
    memory,
    hops: createHops({
      resolve,
      sshOptions,
      connect: async (target, settings, options) => (await connectHost(target, settings, run, options)).connection,
    }),
    loadTools() {
      tools ??= Promise.all([loadSsh2(), memory.load()]).then(([ssh2]) => {
        hastenVerification(ssh2);
        const keyring = createKeyring(ssh2, questions, end.signal);
        return { ssh2, keyring, questions, warn, store: createKnownHostsStore(warn) };
      });
      return tools;
    },
  };
  return run;
}
