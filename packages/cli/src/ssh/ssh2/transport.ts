import { setMaxListeners } from 'node:events';
import { OutlastError } from '@outlast/core';
import { createKeyring } from '../authentication/keyring.js';
import { createHostResolver } from '../configuration/ssh-config.js';
import { createKnownHostsStore } from '../host-keys/known-hosts-store.js';
import { openFirst, resolveTarget } from '../open-first.js';
import { createQuestions } from '../questions.js';
import { createHops } from '../route/jump.js';
import type { Transport } from '../transport.js';
import type { TransportOptions } from '../transports.js';
import { connectHost, type Run } from './connect-host.js';
import { createHostMemory } from './host-memory.js';
import { hastenVerification } from './inner.js';
import { loadSsh2 } from './load-ssh2.js';
import type { SessionTools } from './session.js';

/** Creates the transport that speaks SSH through the ssh2 library, configured as `ssh` would be. */
export function createSsh2Transport(options: TransportOptions): Transport {
  const run = createRun(options);
  return {
    async connect(target, connectOptions) {
      const settings = await resolveTarget(run.resolve, target, connectOptions);
      return (await connectHost(target, settings, run, connectOptions)).connection;
    },
    async connectAndExec(target, request, connectOptions) {
      const settings = await resolveTarget(run.resolve, target, connectOptions);
      const { connection, channel } = await connectHost(target, settings, run, { ...connectOptions, request });
      return openFirst(target, connection, channel ?? connection.exec(request), connectOptions);
    },
    async close() {
      run.end.abort(new OutlastError('E_CONNECT_CLOSED', 'the transport was closed'));
      await Promise.all([run.hops.close(), run.memory.save()]);
    },
  };
}

function createRun({ sshOptions, prompter, env, memoryFile, warn = () => undefined }: TransportOptions): Run {
  const resolve = createHostResolver({ sshOptions, env, warn });
  const questions = createQuestions(prompter);
  const end = new AbortController();
  // Each connection that is being made listens to it.
  setMaxListeners(0, end.signal);
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
      end: end.signal,
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
