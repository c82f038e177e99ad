import { expect, test } from 'vitest';
import { formatRepeatedFlags } from './repeat-flags.js';

test('flags are repeated as a shell reads them', () => {
  const flags = {
    host: ['web[1-3]', 'db'],
    sshConfig: "it's.conf",
    identity: ['~/.ssh/id'],
    all: true,
    limit: ['a', 'b,c'],
    parallel: 4,
    inventory: ['hosts.ini', 'my list'],
  };
  expect(formatRepeatedFlags(flags)).toBe(
    "--inventory hosts.ini --inventory 'my list' -F 'it'\\''s.conf' -i ~/.ssh/id -H 'web[1-3]' -H db -a --limit a --limit b,c",
  );
});

test('without any, and with hosts that came in over stdin, there is nothing to repeat', () => {
  expect(formatRepeatedFlags({})).toBe('');
  expect(formatRepeatedFlags({ hostsFile: '-' })).toBe('');
});
