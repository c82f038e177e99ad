import type { Operation } from '@outlast/core';
import { type Answer, collectReply, isLost, parseReply, type ReplyAnswer } from '../fleet/answer.js';
import type { HostSession } from '../fleet/host-session.js';
import { isLeaseOver } from '../fleet/lease.js';
import { createNonce } from '../fleet/nonce.js';
import { isPassing, waitForRetry } from '../fleet/reconnect.js';
import type { ExecChannel } from '../ssh/transport.js';
import { SendingEnded, sendData } from './data-stream.js';
import { fetchPage } from './fetch-page.js';

/** How often a conversation whose link was cut goes on over another one. */
const MAX_REPEATS = 3;

/** By what whoever takes a lock over ends its holder. */
const TAKEN_OVER_HINT =
  'was it taken over? The next deploy, or a stop, ends what it has left; see what became of it with: outlast history';

/** Told what a script says before it is over. */
export interface ReleaseWatcher {
  /** The release that is to run. */
  onAttempt(release: string): void;
}

/** Answers what a script asks for, over one channel. */
export class Partner {
  /** Why nothing more could be sent, where that is ours to tell. */
  failure: unknown;
  protected readonly channel: ExecChannel;
  readonly #session: HostSession;
  readonly #watcher: ReleaseWatcher;

  constructor(session: HostSession, channel: ExecChannel, watcher: ReleaseWatcher) {
    this.#session = session;
    this.channel = channel;
    this.#watcher = watcher;
  }

  /** What to do where the answer is lost, and whether nothing can have been changed by then. */
  get outlook(): Pick<Answer, 'hint' | 'isHarmless'> {
    return {};
  }

  /** Told each line of the script. */
  hear([kind, ...fields]: readonly string[]): void {
    if (kind === 'WANT') void this.#answer(fields);
    else if ((kind === 'ATTEMPTED' || kind === 'SAME') && fields[1] !== undefined) this.#watcher.onAttempt(fields[1]);
  }

  /** Told once the script is over. */
  leave(): void {}

  /** Sends what is wanted. */
  protected async send([what, port, path = '']: readonly string[]): Promise<void> {
    if (what !== 'page') return;
    const answer = await fetchPage(this.#session, Number(port), Buffer.from(path, 'hex').toString());
    await sendData(this.channel, answer);
  }

  async #answer(fields: readonly string[]): Promise<void> {
    try {
      await this.send(fields);
    } catch (error) {
      // Where the host has let go first, it says why.
      if (!(error instanceof SendingEnded)) this.failure = error;
      this.channel.close();
    }
  }
}

/**
 * Runs an operation whose script asks for things while it runs. Where the link is cut, the same request is sent over a fresh one: what has come is
 * not sent again, and what was told to go on went on without us.
 *
 * @throws OutlastError `E_UNKNOWN_RESULT` when the answer was lost for good, and what the host itself said of what it cannot do at all.
 */
export async function converse<Options, Result>(
  session: HostSession,
  operation: Operation<Options, Result>,
  options: Options,
  createPartner: (channel: ExecChannel) => Partner,
): Promise<Result> {
  const ask = () => converseOnce(session, operation, options, createPartner);
  let answer = await ask();
  for (let repeats = 0; isLost(answer) && repeats < MAX_REPEATS && !session.signal.aborted; repeats++) {
    await session.close();
    await waitForRetry(repeats, session.signal);
    if (session.signal.aborted) break;
    answer = await ask().catch((error: unknown) => {
      if (isPassing(error)) return answer;
      throw session.explainSilence(true, answer);
    });
  }
  if (answer.reply.status === undefined) throw session.explainSilence(true, answer);
  return parseReply(operation, answer.reply, options);
}

async function converseOnce<Options, Result>(
  session: HostSession,
  operation: Operation<Options, Result>,
  options: Options,
  createPartner: (channel: ExecChannel) => Partner,
): Promise<ReplyAnswer> {
  const nonce = createNonce();
  const { channel } = await session.openScript(operation.build(options, { nonce }), nonce, true);
  const partner = createPartner(channel);
  try {
    const answer = await collectReply(channel, nonce, { onRecord: (text) => partner.hear(text.split(' ')) });
    if (answer.reply.begun) session.markReached();
    if (partner.failure !== undefined) throw partner.failure;
    // A script that has heard nothing for too long ends itself, and is gone on with as behind a link that was cut.
    const end = isLeaseOver(answer.end) ? { exitCode: null, signal: null } : answer.end;
    return { ...answer, end, ...partner.outlook, ...(answer.end.signal === 'KILL' && { hint: TAKEN_OVER_HINT }) };
  } finally {
    partner.leave();
    channel.close();
  }
}
