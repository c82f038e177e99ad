import { OutlastError } from '@outlast/core';
import type { Client, ClientChannel } from 'ssh2';
import { buildChannelError, buildLostError, isLost } from '../channel-errors.js';
import { buildLostChannel } from '../lost-host.js';
import { buildExecChannel, type OwnedChannel } from './exec-channel.js';
import { type AheadExec, type Ssh2Inner, UnknownStartError } from './inner.js';

/** Runs a line in a channel of its own, and writes its first input once it has begun. */
export function openExec(client: Client, line: string, input: Uint8Array): Promise<OwnedChannel> {
  return new Promise<OwnedChannel>((resolve, reject) => {
    try {
      client.exec(line, (error, channel) => settleExec(error, channel, { resolve, reject }));
    } catch (error) {
      reject(buildLostError(error as Error));
    }
  }).then((owned) => {
    if (input.length > 0) owned.channel.stdin.write(input);
    return owned;
  });
}

/** Runs lines in channels whose numbers are foreseen. */
export interface AheadOpener {
  /** Runs a line the plain way, too, where the server numbers its channels otherwise. */
  open(request: AheadLine): Promise<OwnedChannel>;
  /** Rejects what is under way: the host did not let us in, and is not going to answer. */
  drop(): void;
}

type AheadLine = Omit<AheadExec, 'onStarted' | 'onMisplaced'>;

/** What lines are run over. */
export interface AheadOpenerParts {
  readonly client: Client;
  readonly inner: Ssh2Inner | undefined;
  isGone(): boolean;
}

/** Creates the opener of one connection. */
export function createAheadOpener({ client, inner, isGone }: AheadOpenerParts): AheadOpener {
  const pending = new Set<() => void>();
  return {
    open: (request) =>
      new Promise((resolve, reject) => {
        const forget = inner?.exec({
          ...request,
          onStarted(error, channel) {
            pending.delete(drop);
            // It was sent, whole: whether it has begun is not known.
            if (error !== undefined && (error instanceof UnknownStartError || isGone() || isLost(error)))
              resolve(buildLostOwnedChannel(buildLostError(error)));
            else settleExec(error, channel, { resolve: (owned) => resolve({ ...owned, ahead: 'taken' }), reject });
          },
          onMisplaced(channel) {
            pending.delete(drop);
            channel.close();
            openExec(client, request.line, request.input)
              .then((owned) => ({ ...owned, ahead: 'misplaced' as const }))
              .then(resolve, reject);
          },
        });
        const drop = (): void => {
          forget?.();
          reject(new OutlastError('E_AUTH', 'the host let nobody in'));
        };
        pending.add(drop);
      }),
    drop() {
      for (const drop of pending) drop();
      pending.clear();
    },
  };
}

function settleExec(
  error: Error | undefined,
  channel: ClientChannel | undefined,
  { resolve, reject }: { resolve(channel: OwnedChannel): void; reject(error: Error): void },
): void {
  if (error !== undefined || channel === undefined) reject(buildChannelError(error ?? new Error('no channel')));
  // At once: all that a short program says, its exit status too, may have come in the packet that is being read.
  else resolve(buildExecChannel(channel));
}

function buildLostOwnedChannel(cause: OutlastError): OwnedChannel {
  const channel = buildLostChannel(cause);
  return { channel, freed: Promise.resolve(), isClosing: () => false, lose: () => undefined, ahead: 'lost' };
}
