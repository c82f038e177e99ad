import { setMaxListeners } from 'node:events';
import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { createHostResolver, type HostResolver } from '../configuration/ssh-config.js';
import { addOwnHost, formatEndpoint } from '../connect-errors.js';
import { type Deadline, startHostDeadline } from '../deadline.js';
import { createHopPool, type HopPool } from '../hop-pool.js';
import { openFirst, resolveTarget } from '../open-first.js';
import { createQuestions, type Questions } from '../questions.js';
import { retryThrottled } from '../retry-throttled.js';
import type { ConnectOptions, SshOptions, Target, Transport } from '../transport.js';
import type { TransportOptions } from '../transports.js';
import { connectMaster } from './connect.js';
import type { OpensshConnection } from './connection.js';
import { createRunAnswers, type RunAnswers } from './questions.js';

/**
 * Creates the transport that leaves the connection to `ssh` itself: for certificates, security keys, GSSAPI, PKCS#11 and
 * whatever else the ssh2 library cannot do. Each host, and each jump host, has one `ssh` of ours in the foreground, on
 * whose control socket our channels live.
 *
 * `connect` throws `E_NEEDS_OPENSSH` where there is no `ssh` on PATH.
 */
export function createOpensshTransport(options: TransportOptions): Transport {
  const run = createRun(options);
  const { sshOptions } = options;
  const connect = async (target: Target, connectOptions: ConnectOptions): Promise<OpensshConnection> => {
    const settings = await resolveTarget(run.resolve, target, connectOptions);
    return connectHost({ target, settings, sshOptions }, run, connectOptions);
  };
  return {
    connect,
    async connectAndExec(target, request, connectOptions) {
      const connection = await connect(target, connectOptions);
      return openFirst(target, connection, connection.exec(request), connectOptions);
    },
    async close() {
      run.end.abort(new OutlastError('E_CONNECT_CLOSED', 'the transport was closed'));
      await run.hops.close();
    },
  };
}

/** What all connections of one transport share. */
interface Run {
  readonly resolve: HostResolver;
  readonly questions: Questions;
  readonly answers: RunAnswers;
  readonly env: NodeJS.ProcessEnv;
  readonly end: AbortController;
  readonly hops: HopPool<OpensshConnection>;
  warn(message: string): void;
}

function createRun({ sshOptions, prompter, env, warn = () => undefined }: TransportOptions): Run {
  const resolve = createHostResolver({ sshOptions, env, transport: 'openssh' });
  const end = new AbortController();
  // Each connection that is being made listens to it.
  setMaxListeners(0, end.signal);
  const run: Run = {
    resolve,
    questions: createQuestions(prompter),
    answers: createRunAnswers(env),
    env,
    end,
    hops: createHopPool({
      resolve,
      sshOptions,
      end: end.signal,
      connect: (target, settings, options) =>
        connectHost({ target, settings, sshOptions: options.sshOptions }, run, options),
    }),
    warn,
  };
  return run;
}

interface Host {
  readonly target: Target;
  readonly settings: HostSettings;
  readonly sshOptions: SshOptions;
}

async function connectHost(
  host: Host,
  run: Run,
  options: ConnectOptions & { readonly depth?: number; readonly deadline?: Deadline },
): Promise<OpensshConnection> {
  const { settings, target } = host;
  const deadline = options.deadline ?? startHostDeadline(settings, run, options);
  try {
    return await retryThrottled(deadline, async () => {
      deadline.stage = `dialling ${formatEndpoint(settings)}`;
      const hop = settings.proxyJump === null ? undefined : await run.hops.reach(settings, { ...options, deadline });
      return connectMaster({ ...host, ...run, hop, deadline });
    });
  } catch (error) {
    throw addOwnHost(error, target.name, settings);
  } finally {
    deadline.end();
  }
}
