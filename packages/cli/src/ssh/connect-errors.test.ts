import { describe, expect, test } from 'vitest';
import { buildThrottledError } from './connect-errors.js';

describe('a server that closes before its banner', () => {
  test.each([
    ['has too many connections, and says so', 'Exceeded MaxStartups', /too many connections at once: lower --parallel/],
    [
      'may ban our address',
      'Not allowed at this time',
      /bans this address for a while.*wait.*PerSourcePenalties.*MaxStartups/,
    ],
    ['says nothing', '', /MaxStartups.*firewall or TCP wrapper.*forwarder.*the log of sshd/],
    ['dies in its first words', 'SSH-2.0-Open', /MaxStartups.*firewall or TCP wrapper.*forwarder.*the log of sshd/],
  ])('%s: the hint says what may be done', (_what, said, hint) => {
    const error = buildThrottledError('web1 port 22', said);
    expect(error).toMatchObject({ code: 'E_THROTTLED', details: { hint: expect.stringMatching(hint) } });
    expect(/bans/.test(error.details.hint ?? '')).toBe(said.startsWith('Not allowed'));
  });
});
