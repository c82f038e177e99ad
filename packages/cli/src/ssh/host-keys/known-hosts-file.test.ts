import { expect, test } from 'vitest';
import { parseKnownHosts } from './known-hosts-file.js';

const KEY = `ssh-ed25519 ${Buffer.from(`\0\0\0\vssh-ed25519\0\0\0 ${'k'.repeat(32)}`).toString('base64')}`;

test.each([
  ['comments and empty lines', '# web1\n\n  \t\n \t# web1\n'],
  ['their like with carriage returns', '# web1\r\n\r\n'],
  ['a type that ssh passes over', `web1 ssh-ed448 ${Buffer.from('\0\0\0\tssh-ed448\0\0\0\0').toString('base64')}\n`],
  ['a line of SSH 1', 'web1 1024 35 130249850942850128509 me@laptop\n'],
])('%s are no entries and not broken', (_what, text) => {
  expect(parseKnownHosts(text, 'kh')).toEqual({ entries: [], broken: [] });
});

test.each([
  ['a plain line', `web1 ${KEY}`, 'none', 'web1'],
  ['blanks before and between', ` \tweb1\t  ${KEY.replace(' ', '\t')}`, 'none', 'web1'],
  ['a comment behind the key', `web1 ${KEY} # it is mine`, 'none', 'web1'],
  ['a carriage return', `web1 ${KEY}\r`, 'none', 'web1'],
  ['a revoked key', `@revoked * ${KEY}`, 'revoked', '*'],
  ['a tab behind the marker', `@revoked\t* ${KEY}`, 'revoked', '*'],
  ['a certificate authority', `@cert-authority *.example ${KEY}`, 'cert-authority', '*.example'],
])('%s is an entry', (_what, line, marker, patterns) => {
  const { entries, broken } = parseKnownHosts(`\n${line}\n`, 'kh');
  expect(entries).toEqual([expect.objectContaining({ file: 'kh', line: 2, marker, patterns, type: 'ssh-ed25519' })]);
  expect(broken).toEqual([]);
});

test.each([
  ['a name alone', 'web1'],
  ['no key', 'web1 ssh-ed25519'],
  ['a comment in the place of the key', `web1 # ${KEY}`],
  ['no name', KEY],
  ['an unknown marker', `@Revoked web1 ${KEY}`],
  ['two markers', `@revoked @cert-authority web1 ${KEY}`],
  ['a damaged hash', `|1|AAAA|BBBB ${KEY}`],
  ['a comment glued to the key', `web1 ${KEY}#mine`],
  ['two lines in one', `web1 ${KEY}web2 ${KEY}`],
])('%s is broken, and the next line is read', (_what, line) => {
  const { entries, broken } = parseKnownHosts(`${line}\r\nweb2 ${KEY}\r\n`, 'kh');
  expect(entries.map(({ patterns }) => patterns)).toEqual(['web2']);
  expect(broken).toEqual([{ file: 'kh', line: 1 }]);
});
