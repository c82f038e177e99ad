import { buildLostError, isFull } from '../channel-errors.js';
import { createDeferred } from '../deferred.js';
import { createExecSlots } from '../exec-slots.js';
import type { Connection } from '../transport.js';
import { createChannels } from './channels.js';
import { findLastWords, readSoftware } from './failure.js';
import type { Master } from './master.js';
import { openMuxLink } from './mux.js';

/** A connection that is held by an `ssh` of ours. */
export interface OpensshConnection extends Connection {
  /** Where its `ssh` lets in whoever goes on through it. */
  readonly controlPath: string;
}

/**
 * Builds the connection on a master that is ready.
 *
 * @throws Error when the master takes nobody.
 */
export async function openConnection(master: Master, controlPath: string): Promise<OpensshConnection> {
  const link = await openMuxLink(controlPath, (message) => channels.take(message));
  const channels = createChannels(link.send);
  const slots = createExecSlots({ isFull, software: readSoftware(master.log) });
  const closed = createDeferred<Error | undefined>();
  let closing = false;
  const finish = async (): Promise<void> => {
    const error = buildLostError(findCause(master.log));
    channels.lose(error);
    slots.fail(() => error);
    // Without the link it is of no use to us; its last words come with its end.
    await master.stop();
    closed.resolve(closing ? undefined : buildLostError(findCause(master.log)));
  };
  Promise.race([link.closed, master.exited]).then(finish);
  return {
    controlPath,
    closed: closed.promise,
    exec: async (request) => (await slots.open(() => channels.open(request))).channel,
    openTunnel: channels.openTunnel,
    async close() {
      closing = true;
      link.destroy();
      await closed.promise;
    },
  };
}

function findCause(log: string): Error | undefined {
  const words = findLastWords(log);
  return words === '' ? undefined : new Error(words);
}
