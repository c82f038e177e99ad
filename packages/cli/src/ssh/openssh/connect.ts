import { dirname } from 'node:path';
import type { HostSettings } from '../configuration/host-settings.js';
import type { Deadline } from '../deadline.js';
import { explainWhile, raceSignal } from '../deadline.js';
import type { Hop } from '../hop-pool.js';
import { formatRemotePrompt, type Questions } from '../questions.js';
import type { SshOptions, Target } from '../transport.js';
import { buildHopCommand, buildMasterArgs } from './arguments.js';
import { type Askpass, startAskpass } from './askpass.js';
import { type OpensshConnection, openConnection } from './connection.js';
import { createSocketFolder, type SocketFolder } from './control-folder.js';
import { buildMasterError, explainDeadline } from './errors.js';
import { isNotice, readStage } from './failure.js';
import { type Master, type MasterStart, startMaster } from './master.js';
import { answerQuestion, type RunAnswers } from './questions.js';

/** What one attempt to connect is made of. */
export interface MasterAttempt {
  readonly target: Target;
  readonly settings: HostSettings;
  /** The flags that hold for this host. */
  readonly sshOptions: SshOptions;
  /** The jump host that leads to it. */
  readonly hop: Hop<OpensshConnection> | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly questions: Questions;
  readonly answers: RunAnswers;
  readonly deadline: Deadline;
  warn(message: string): void;
}

/**
 * Starts an `ssh` and waits until its connection stands.
 *
 * @throws OutlastError with one of the connection codes; the reason of the deadline's signal when that aborts first.
 */
export async function connectMaster(attempt: MasterAttempt): Promise<OpensshConnection> {
  const { deadline, settings, target, hop } = attempt;
  deadline.signal.throwIfAborted();
  const folder = createSocketFolder(attempt.env);
  const master = await startAttempt(attempt, folder).catch((error: unknown) => {
    folder.remove();
    throw error;
  });
  const describe = () => ({
    name: target.name,
    settings,
    log: master.log,
    exitCode: master.exitCode,
    ...(hop === undefined ? {} : { hop: hop.name }),
  });
  try {
    return await explainWhile(
      deadline,
      () => explainDeadline(describe()),
      async () => {
        if (!(await raceSignal(master.ready, deadline.signal))) throw buildMasterError(describe());
        return raceSignal(openConnection(master, folder.controlPath), deadline.signal);
      },
    );
  } catch (error) {
    await master.stop();
    throw error;
  }
}

async function startAttempt(attempt: MasterAttempt, folder: SocketFolder): Promise<Master> {
  const askpass = await listenForQuestions(attempt, folder);
  try {
    const master = await startMaster(buildStart(attempt, folder, askpass));
    master.exited.then(() => askpass?.close());
    return master;
  } catch (error) {
    askpass?.close();
    throw error;
  }
}

function buildStart(attempt: MasterAttempt, folder: SocketFolder, askpass: Askpass | undefined): MasterStart {
  const { target, settings, sshOptions, hop, deadline, warn } = attempt;
  return {
    args: buildMasterArgs({
      target,
      settings,
      sshOptions,
      controlPath: folder.controlPath,
      mayAsk: askpass !== undefined,
      ...(hop === undefined ? {} : { proxyCommand: buildHopCommand(hop.connection.controlPath, settings) }),
    }),
    folder,
    env: buildEnv(attempt.env, askpass),
    onLine(line) {
      deadline.stage = readStage(line) ?? deadline.stage;
      if (isNotice(line)) warn(`${target.name}: ${formatRemotePrompt(line)}`);
    },
  };
}

async function listenForQuestions(attempt: MasterAttempt, folder: SocketFolder): Promise<Askpass | undefined> {
  const { target, settings, questions, deadline, warn } = attempt;
  if (!questions.interactive || settings.batchMode) return undefined;
  const context = { ...attempt, name: target.name, signal: deadline.signal };
  let gaveUp = false;
  return startAskpass(folder.askpassPath, {
    async answer(prompt, pid) {
      const asker = `${folder.path} ${pid}`;
      // ssh goes on to the next question, and asks each of them three times.
      const text = gaveUp ? undefined : await answerQuestion(prompt, { ...context, asker });
      gaveUp ||= text === undefined;
      return text;
    },
    notice: (text) => warn(`${target.name}: ${formatRemotePrompt(text)}`),
  });
}

function buildEnv(env: NodeJS.ProcessEnv, askpass: Askpass | undefined): NodeJS.ProcessEnv {
  return {
    ...env,
    LC_ALL: 'C',
    // What runs LocalCommand and the ProxyCommand: one that every machine has, and no rc file of the user's.
    SHELL: '/bin/sh',
    ...(askpass === undefined ? { SSH_ASKPASS_REQUIRE: 'never' } : { ...buildAskpassEnv(env), ...askpass.env }),
  };
}

function buildAskpassEnv({ PATH = '/usr/bin:/bin', DISPLAY = ':' }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    // Our askpass finds the Node that runs us, wherever that is.
    PATH: `${PATH}:${dirname(process.execPath)}`,
    // Before 8.4 ssh knew no SSH_ASKPASS_REQUIRE: a display, and no terminal, stood for the same.
    DISPLAY,
  };
}
