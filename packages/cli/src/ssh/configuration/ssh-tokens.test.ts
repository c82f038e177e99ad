import { expect, test } from 'vitest';
import { expandSshPath, expandTokens } from './ssh-tokens.js';

const values = {
  home: '/home/me',
  localUser: 'me',
  localUid: 1000,
  localHost: 'laptop.example',
  originalHost: 'web1',
  hostname: '192.0.2.1',
  port: 2222,
  user: 'deploy',
  hostKeyAlias: null,
  jump: null,
};

test('tokens become what ssh_config(5) says, unknown ones stay', () => {
  expect(expandTokens('%h:%p %r@%n %u %d %L %l %i %k %% %%h %z %', values)).toBe(
    '192.0.2.1:2222 deploy@web1 me /home/me laptop laptop.example 1000 web1 % %h %z %',
  );
  expect(expandTokens('%C', values)).toMatch(/^[0-9a-f]{40}$/);
  expect(expandTokens('%k', { ...values, hostKeyAlias: 'alias' })).toBe('alias');
});

test('a path gets its home, tokens and variables, each once', () => {
  expect(expandSshPath('~/keys/%r', values, {})).toBe('/home/me/keys/deploy');
  expect(expandSshPath('~', values, {})).toBe('/home/me');
  expect(expandSshPath('~other/key', values, {})).toBe('~other/key');
  const missing = ['$', '{MISSING}'].join('');
  expect(expandSshPath(`${missing.replace('MISSING', 'A')}/${missing}`, values, { A: '/srv' })).toBe(`/srv/${missing}`);
});
