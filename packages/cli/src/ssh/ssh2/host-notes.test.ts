import { generateKeyPair } from '@outlast/test-fixtures';
import ssh2, { type ParsedKey } from 'ssh2';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Identity } from '../authentication/identities.js';
import { buildSigner } from '../authentication/signing-key.js';
import type { HostSettings } from '../configuration/host-settings.js';
import type { AheadLevel } from './host-memory.js';
import { createHostMemory } from './host-memory.js';
import { createHostNotes } from './host-notes.js';

const SERVER = 'OpenSSH_9.2p1';
const DAY_MS = 24 * 60 * 60 * 1_000;
const SETTINGS = { user: 'me', hostname: 'web1', port: 22 } as HostSettings;
const KEY = ssh2.utils.parseKey(generateKeyPair().publicKey) as ParsedKey;
const IDENTITY: Identity = {
  label: 'a key',
  publicKey: KEY.getPublicSSH(),
  signer: buildSigner(KEY, async (data) => data, ''),
  isHeldByAgent: false,
  buildMethod: (username) => ({ type: 'none', username }),
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Logs in again and again to a host that hangs up on so much or more. */
function meetHost() {
  const notes = createHostNotes(createHostMemory(), SETTINGS);
  notes.prefer([IDENTITY]);
  return (hangsUpOn?: AheadLevel, server = SERVER): AheadLevel => {
    const sent = notes.plan(server, [IDENTITY]);
    const levels: AheadLevel[] = ['nothing', 'authentication', 'program'];
    const hungUp = hangsUpOn !== undefined && levels.indexOf(sent) >= levels.indexOf(hangsUpOn);
    if (!hungUp && sent === 'authentication') notes.confirm(sent);
    notes.accept(server, IDENTITY);
    if (hungUp && sent !== 'nothing') notes.doubt(sent);
    else if (sent === 'program') notes.confirm(sent);
    return sent;
  };
}

const repeat = (times: number, login: () => AheadLevel): AheadLevel[] => Array.from({ length: times }, () => login());

test('a host that lets a key in is sent a program from then on', () => {
  const login = meetHost();
  expect(repeat(3, login)).toEqual(['authentication', 'program', 'program']);
});

test('one cut during the authentication makes no host slow for good', () => {
  const login = meetHost();
  login('authentication');
  expect(repeat(2, login)).toEqual(['authentication', 'program']);
});

test('a host that hangs up on an authentication is sent nothing after the second time, and one a day later', () => {
  const login = meetHost();
  const meet = () => login('authentication');
  expect(repeat(4, meet)).toEqual(['authentication', 'authentication', 'nothing', 'nothing']);
  vi.advanceTimersByTime(DAY_MS);
  expect(repeat(2, meet)).toEqual(['authentication', 'nothing']);
  vi.advanceTimersByTime(DAY_MS);
  expect(repeat(2, login)).toEqual(['authentication', 'program']);
});

test('a host that hangs up on a program is sent none after the second time, and one a day later', () => {
  const login = meetHost();
  login();
  const meet = () => login('program');
  expect(repeat(4, meet)).toEqual(['program', 'program', 'authentication', 'authentication']);
  vi.advanceTimersByTime(DAY_MS);
  expect(repeat(2, meet)).toEqual(['program', 'authentication']);
});

test('other software is another host', () => {
  const login = meetHost();
  repeat(3, () => login('authentication'));
  expect([login(undefined, 'OpenSSH_10.0'), login(undefined, 'OpenSSH_10.0')]).toEqual(['authentication', 'program']);
});
