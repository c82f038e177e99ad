import { createHash } from 'node:crypto';
import type { Identity } from '../authentication/identities.js';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatKnownHostName } from '../host-keys/known-hosts-name.js';
import { formatIdentity, MAX_DOUBTS, planAhead } from './ahead.js';
import { isTrustedAhead } from './channel-forecast.js';
import type { AheadLevel, HostMemory, HostRecord } from './host-memory.js';

/** How much was sent, of what was sent. */
type SentLevel = HostRecord['ahead'];

/** What is remembered of one host, and what its next connection makes of that. */
export interface HostNotes {
  /** Puts the key that was let in last in front, as long as it is chosen from among the same ones. */
  prefer(identities: readonly Identity[]): readonly Identity[];
  /** Plans how much is sent ahead of the host's answers. */
  plan(software: string, identities: readonly Identity[]): AheadLevel;
  /** The host has let `identity` in, or something else than a key. */
  accept(software: string, identity: Identity | undefined): void;
  /** So much was sent ahead and has been answered as it should. */
  confirm(level: SentLevel): void;
  /** The host has hung up on so much, or so it looked. */
  doubt(level: SentLevel): void;
  /** The host runs no program that was sent ahead. */
  refuseProgram(): void;
}

/** Creates the notes of one host. */
export function createHostNotes(memory: HostMemory, settings: HostSettings): HostNotes {
  const host = `${settings.user}@${formatKnownHostName(settings)}`;
  let choice = '';
  const update = (change: Partial<HostRecord>): void => {
    const none = { server: '', identity: '', doubts: 0, doubted: 0 };
    const blank: HostRecord = { ...none, ahead: 'authentication', choice };
    memory.note(host, { ...(memory.recall(host) ?? blank), ...change });
  };
  return {
    prefer(identities) {
      choice = hashChoice(identities);
      const record = memory.recall(host);
      if (record === undefined || record.identity === '' || record.choice !== choice) return identities;
      const isLast = (identity: Identity): boolean => formatIdentity(identity) === record.identity;
      return [...identities.filter(isLast), ...identities.filter((identity) => !isLast(identity))];
    },
    plan: (software, identities) => planAhead(memory.recall(host), software, identities),
    accept(server, identity) {
      const before = memory.recall(host);
      const isDoubted = before?.server === server && before.doubts > 0;
      const takes = identity !== undefined && isTrustedAhead(server) ? 'program' : 'authentication';
      update({
        server,
        choice,
        ahead: isDoubted ? before.ahead : takes,
        identity: identity === undefined ? '' : formatIdentity(identity),
        doubts: isDoubted ? before.doubts : 0,
      });
    },
    confirm(level) {
      if (memory.recall(host)?.ahead === level) update({ doubts: 0 });
    },
    doubt(level) {
      const before = memory.recall(host);
      const inRow = before?.ahead === level ? before.doubts : 0;
      update({ ahead: level, doubts: inRow + 1, doubted: Date.now() });
    },
    refuseProgram: () => update({ ahead: 'program', doubts: MAX_DOUBTS, doubted: Date.now() }),
  };
}

function hashChoice(identities: readonly Identity[]): string {
  return createHash('sha256').update(identities.map(formatIdentity).join('\n')).digest('base64url').slice(0, 16);
}
