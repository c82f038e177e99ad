import { generateKeyPair } from '@outlast/test-fixtures';
import ssh2, { type ParsedKey } from 'ssh2';
import { expect, test } from 'vitest';
import type { Identity } from '../authentication/identities.js';
import { buildSigner } from '../authentication/signing-key.js';
import { formatIdentity, planAhead } from './ahead.js';
import type { HostRecord } from './host-memory.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const SOFTWARE = 'OpenSSH_9.2p1';

function makeIdentity(change: Partial<Identity> = {}): Identity {
  const key = ssh2.utils.parseKey(generateKeyPair().publicKey) as ParsedKey;
  return {
    label: 'a key',
    publicKey: key.getPublicSSH(),
    signer: buildSigner(key, async (data) => data, ''),
    isHeldByAgent: false,
    buildMethod: (username) => ({ type: 'none', username }),
    ...change,
  };
}

const KEY = makeIdentity();
const AGENT_KEY = makeIdentity({ isHeldByAgent: true });
const LOCKED = makeIdentity({ signer: undefined });

function recordOf(identity: Identity, change: Partial<HostRecord> = {}): HostRecord {
  const known = { server: SOFTWARE, identity: formatIdentity(identity), choice: 'c', doubts: 0, doubted: Date.now() };
  return { ...known, ahead: 'program', ...change };
}

test.each<[string, HostRecord | undefined, Identity[], string]>([
  ['a host that was never met', undefined, [KEY], 'authentication'],
  ['one that lets the first key in', recordOf(KEY), [KEY], 'program'],
  ['one that lets another key in', recordOf(AGENT_KEY), [KEY, AGENT_KEY], 'authentication'],
  ['one that let a password in', recordOf(KEY, { identity: '' }), [KEY], 'authentication'],
  ['one with other software since', recordOf(KEY, { server: 'dropbear_2022.83' }), [KEY], 'authentication'],
  ['one that hung up once', recordOf(KEY, { doubts: 1 }), [KEY], 'program'],
  ['one that hung up twice', recordOf(KEY, { doubts: 2 }), [KEY], 'authentication'],
  ['one that did so a day ago', recordOf(KEY, { doubts: 2, doubted: Date.now() - DAY_MS }), [KEY], 'program'],
  ['one that did so in days to come', recordOf(KEY, { doubts: 2, doubted: Date.now() + 2 * DAY_MS }), [KEY], 'program'],
  [
    'one that hung up once before a program',
    recordOf(KEY, { ahead: 'authentication', doubts: 1 }),
    [KEY],
    'authentication',
  ],
  ['one that hung up twice before a program', recordOf(KEY, { ahead: 'authentication', doubts: 2 }), [KEY], 'nothing'],
  ['a key that would have to be unlocked', recordOf(LOCKED), [LOCKED], 'nothing'],
  ['no key', undefined, [], 'nothing'],
  ['one of several keys of an agent', undefined, [AGENT_KEY, KEY], 'nothing'],
  ['the only key of an agent', undefined, [AGENT_KEY], 'authentication'],
  ['the key of an agent that is let in', recordOf(AGENT_KEY), [AGENT_KEY, KEY], 'program'],
])('what is sent ahead to %s', (_what, record, identities, level) => {
  expect(planAhead(record, SOFTWARE, identities)).toBe(level);
});
