import { randomBytes } from 'node:crypto';
import { buildDeployScript, type DeployOptions, type DeployResult, parseDeployed } from '@outlast/core';
import { collectReply, isLost, type ReplyAnswer } from '../fleet/answer.js';
import type { HostSession } from '../fleet/host-session.js';
import { holdLease } from '../fleet/lease.js';
import { createNonce } from '../fleet/nonce.js';
import { isPassing, waitForRetry } from '../fleet/reconnect.js';
import type { ExecChannel } from '../ssh/transport.js';
import { SendingEnded, sendFiles, sendManifest, type UploadProgress } from './send-release.js';
import type { SourceTree } from './source-tree.js';

/** Told how a deploy goes on, for people who watch. */
export interface DeployWatcher {
  onStep(name: string): void;
  onUpload(progress: UploadProgress): void;
}

/** How often a deploy whose link was cut goes on over another one. */
const MAX_REPEATS = 3;

/**
 * Deploys to one host: one script there does all of it, and is given what it asks for. Where the link is cut, the same request is sent
 * over a fresh one: what has come is not sent again, and what was told to go on went on without us.
 *
 * @throws OutlastError `E_UNKNOWN_RESULT` when the answer was lost for good, and what the host itself said of what it cannot do at all.
 */
export async function deployToHost(
  session: HostSession,
  options: DeployOptions,
  source: SourceTree,
  watcher: DeployWatcher,
): Promise<DeployResult> {
  let answer = await converse(session, options, source, watcher);
  for (let repeats = 0; isLost(answer) && repeats < MAX_REPEATS && !session.signal.aborted; repeats++) {
    await session.close();
    await waitForRetry(repeats, session.signal);
    if (session.signal.aborted) break;
    answer = await converse(session, options, source, watcher).catch((error: unknown) => {
      if (isPassing(error)) return answer;
      throw session.explainSilence(true, answer);
    });
  }
  if (answer.reply.status === undefined) throw session.explainSilence(true, answer);
  return parseDeployed(answer.reply, options.app);
}

async function converse(
  session: HostSession,
  options: DeployOptions,
  source: SourceTree,
  watcher: DeployWatcher,
): Promise<ReplyAnswer> {
  const nonce = createNonce();
  const { channel } = await session.openScript(buildDeployScript(options, { nonce }), nonce, true);
  const partner = new Partner(channel, source, watcher);
  try {
    const answer = await collectReply(channel, nonce, { onRecord: (text) => partner.hear(text) });
    if (answer.reply.begun) session.markReached();
    if (partner.failure !== undefined) throw partner.failure;
    return answer;
  } finally {
    partner.leave();
    channel.close();
  }
}

/** Answers what the script asks for. */
class Partner {
  /** Why nothing more could be sent, where that is ours to tell. */
  failure: unknown;
  readonly #channel: ExecChannel;
  readonly #source: SourceTree;
  readonly #watcher: DeployWatcher;
  #lines: string[] = [];
  #parts = new Map<string, number>();
  #rounds = 0;
  #release: (() => void) | undefined;

  constructor(channel: ExecChannel, source: SourceTree, watcher: DeployWatcher) {
    this.#channel = channel;
    this.#source = source;
    this.#watcher = watcher;
  }

  hear(text: string): void {
    const [kind, ...fields] = text.split(' ');
    if (kind === 'NEED') this.#lines.push(fields[0] ?? '');
    else if (kind === 'PART') this.#parts.set(fields[0] ?? '', Number(fields[1]));
    else if (kind === 'WANT') void this.#answer(fields);
    else if (kind === 'STEP') this.#hearStep(fields);
    else if (kind === 'READY') this.#letGo();
  }

  #hearStep([, name = '', how]: readonly string[]): void {
    if (how === 'begin') this.#watcher.onStep(name);
    // From here on nothing is sent, and the script wants to know that we are there.
    if (name === 'setup' && how === 'begin') this.#release ??= holdLease(this.#channel);
  }

  async #answer([what, unzip]: readonly string[]): Promise<void> {
    try {
      if (what === 'manifest') await sendManifest(this.#channel, this.#source);
      if (what === 'files') await this.#sendFiles(unzip === 'gzip');
    } catch (error) {
      // Where the host has let go first, it says why.
      if (!(error instanceof SendingEnded)) this.failure = error;
      this.#channel.close();
    }
  }

  #sendFiles(mayCompress: boolean): Promise<void> {
    const needed = { lines: this.#lines.join(','), parts: this.#parts, isFirst: this.#rounds++ === 0, mayCompress };
    this.#lines = [];
    this.#parts = new Map();
    return sendFiles(this.#channel, this.#source, needed, (progress) => this.#watcher.onUpload(progress));
  }

  /** From the word on the script goes on to its end without us. */
  #letGo(): void {
    this.leave();
    this.#channel.stdin.write('GO\n');
  }

  leave(): void {
    this.#release?.();
  }
}

/** Makes the id of a release: it sorts by time, and tells two of the same second apart. */
export function createReleaseId(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replace(/[-:]/g, '').split(/[T.]/);
  return `${date}-${time}-${randomBytes(4).toString('hex')}`;
}
