import { createHash } from 'node:crypto';
import type { Identity } from '../authentication/identities.js';
import type { HostSettings } from '../configuration/host-settings.js';
import { formatKnownHostName } from '../host-keys/known-hosts-name.js';
import { formatIdentity, MAX_DOUBTS, planAhead } from './ahead.js';
import { isTrustedAhead } from './channel-forecast.js';
import type { AheadLevel, HostMemory, HostRecord } from './host-memory.js';

/** What is remembered of one host, and what its next connection makes of that. */
export interface HostNotes {
  /** Puts the key that was let in last in front, as long as it is chosen from among the same ones. */
  prefer(identities: readonly Identity[]): readonly Identity[];
  /** Plans how much is sent ahead of the host's answers. */
  plan(software: string, identities: readonly Identity[]): AheadLevel;
  /** The host has let `identity` in, or something else than a key. */
  accept(software: string, identity: Identity | undefined): void;
  /** What was sent ahead has been answered as it should. */
  confirm(): void;
  /** The host has hung up on what was sent ahead, or so it looked. */
  doubt(): void;
  /** The host runs no program that was sent ahead. */
  refuseProgram(): void;
  /** The host takes nothing ahead. */
  refuse(software: string): void;
}

/** Creates the notes of one host. */
export function createHostNotes(memory: HostMemory, settings: HostSettings): HostNotes {
  const host = `${settings.user}@${formatKnownHostName(settings)}`;
  let choice = '';
  const update = (change: Partial<HostRecord>): void => {
    const blank: HostRecord = { server: '', ahead: 'authentication', identity: '', choice, doubts: 0 };
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
      const isSame = before?.server === server;
      const takes = identity !== undefined && isTrustedAhead(server) ? 'program' : 'authentication';
      update({
        server,
        choice,
        ahead: isSame && before.ahead === 'nothing' ? 'nothing' : takes,
        identity: identity === undefined ? '' : formatIdentity(identity),
        ...(isSame ? {} : { doubts: 0 }),
      });
    },
    confirm: () => update({ doubts: 0 }),
    doubt: () => update({ doubts: (memory.recall(host)?.doubts ?? 0) + 1 }),
    refuseProgram: () => update({ doubts: MAX_DOUBTS }),
    refuse: (server) => update({ server, ahead: 'nothing' }),
  };
}

function hashChoice(identities: readonly Identity[]): string {
  return createHash('sha256').update(identities.map(formatIdentity).join('\n')).digest('base64url').slice(0, 16);
}
