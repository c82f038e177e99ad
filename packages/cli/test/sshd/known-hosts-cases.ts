import { formatKnownHostName, generateKeyPair, type TestHost } from '@outlast/test-fixtures';
import { hashName } from '../../src/ssh/host-keys/known-hosts-name.js';

/** What known_hosts may say of a key. `ssh` differs from `ours` only where the name says why. */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** A known_hosts file, a host to meet with it, and what becomes of that. */
export interface KnownHostsCase {
  readonly name: string;
  /** The files, in the order user's, user's second, everybody's. */
  readonly files: (keys: CaseKeys) => readonly string[];
  /** `-o` options; with none the host is 127.0.0.1 and a port that is not 22. */
  readonly options: readonly string[];
  readonly ours: Verdict;
  readonly ssh: Verdict;
}

/** What the lines of a case are made of. */
export interface CaseKeys {
  /** The host under its address and port. */
  readonly at: string;
  readonly port: number;
  readonly ed25519: string;
  readonly ecdsa: string;
  /** A key that the host has not. */
  readonly other: string;
}

/** Takes the keys of a host that has an ed25519 and an ecdsa key, in this order. */
export function buildCaseKeys(host: TestHost): CaseKeys {
  const [ed25519 = '', ecdsa = ''] = host.hostKeys;
  return { at: formatKnownHostName(host), port: host.port, ed25519, ecdsa, other: generateKeyPair().publicKey };
}

type Row = readonly [ours: Verdict, name: string, file: (keys: CaseKeys) => string, ...options: string[]];

const hash = (name: string): string => hashName(name, Buffer.from('twenty bytes of salt'));
const FOREIGN = `ssh-ed448 ${Buffer.from('\0\0\0\tssh-ed448\0\0\0\0').toString('base64')}`;

const ROWS: readonly Row[] = [
  ['known', 'a plain line', (k) => `${k.at} ${k.ed25519}`],
  ['known', 'a second key of the right type', (k) => `${k.at} ${k.other}\n${k.at} ${k.ed25519}`],
  ['known', 'the type that is not preferred', (k) => `${k.at} ${k.ecdsa}`],
  ['known', 'a name beside an address, in a list', (k) => `web.example,${k.at},192.0.2.7 ${k.ed25519}`],
  ['known', 'a hashed name and port', (k) => `${hash(k.at)} ${k.ed25519}`],
  ['changed', 'a hashed name and port with another key', (k) => `${hash(k.at)} ${k.other}`],
  ['known', 'a hashed name without its port', (k) => `${hash('127.0.0.1')} ${k.ed25519}`],
  ['known', 'an address without its port', (k) => `127.0.0.1 ${k.ed25519}`],
  ['unknown', 'another key without the port', (k) => `127.0.0.1 ${k.other}`],
  ['unknown', 'another port', (k) => `[127.0.0.1]:1 ${k.ed25519}`],
  ['changed', 'a star that covers the port, too', (k) => `* ${k.other}`],
  ['known', 'wildcards in address and port', (k) => `[127.0.?.1]:* ${k.ed25519}`],
  ['known', 'a wildcard without the port', (k) => `127.0.0.* ${k.ed25519}`],
  ['unknown', 'a negation before the match', (k) => `!${k.at},[127.*]:* ${k.ed25519}`],
  ['unknown', 'a negation behind the match', (k) => `[127.*]:*,!${k.at} ${k.ed25519}`],
  ['known', 'a negation of somebody else', (k) => `!web1,${k.at} ${k.ed25519}`],
  ['unknown', 'nothing but a negation of somebody else', (k) => `!web1 ${k.ed25519}`],
  ['known', 'a negation in another line', (k) => `!${k.at} ${k.other}\n${k.at} ${k.ed25519}`],
  ['known', 'IPv6 and port', (k) => `[::1]:${k.port} ${k.ed25519}`, 'HostName=::1'],
  ['known', 'IPv6 without its port', (k) => `::1 ${k.ed25519}`, 'HostName=::1'],
  ['known', 'IPv6 asked for by its long form', (k) => `[::1]:${k.port} ${k.ed25519}`, 'HostName=0:0:0:0:0:0:0:1'],
  ['unknown', 'IPv6 on file in its long form', (k) => `[0:0:0:0:0:0:0:1]:${k.port} ${k.ed25519}`, 'HostName=::1'],
  ['known', 'upper case in the file', (k) => `[LOCALHOST]:${k.port} ${k.ed25519}`, 'HostName=localhost'],
  ['known', 'upper case asked for', (k) => `${hash(`[localhost]:${k.port}`)} ${k.ed25519}`, 'HostName=LocalHost'],
  ['known', 'another key for the address', (k) => beside(k, k.ed25519, k.other), 'HostName=localhost'],
  ['changed', 'the key for the address alone', (k) => beside(k, k.other, k.ed25519), 'HostName=localhost'],
  ['known', 'an alias', (k) => `the-machine ${k.ed25519}\n${k.at} ${k.other}`, 'HostKeyAlias=The-Machine'],
  ['known', 'a hashed alias', (k) => `${hash('the-machine')} ${k.ed25519}`, 'HostKeyAlias=The-Machine'],
  ['unknown', 'an alias with the port', (k) => `[alias]:${k.port} ${k.ed25519}`, 'HostKeyAlias=alias'],
  ['unknown', 'the address in place of the alias', (k) => `${k.at} ${k.ed25519}`, 'HostKeyAlias=alias'],
  ['known', 'an alias beyond ASCII', (k) => `bücher ${k.ed25519}`, 'HostKeyAlias=bücher'],
  ['unknown', 'a question mark for ü', (k) => `b?cher ${k.ed25519}`, 'HostKeyAlias=bücher'],
  ['known', 'a question mark for each byte of ü', (k) => `b??cher ${k.ed25519}`, 'HostKeyAlias=bücher'],
  ['unknown', 'Ü for ü', (k) => `BÜCHER ${k.ed25519}`, 'HostKeyAlias=bücher'],
  ['revoked', 'a revoked key', (k) => `${k.at} ${k.ed25519}\n@revoked ${k.at} ${k.ed25519}`],
  ['revoked', 'a revoked key under a wildcard', (k) => `@revoked * ${k.ed25519}\n${k.at} ${k.ed25519}`],
  ['known', 'a key revoked for another host', (k) => `@revoked web1 ${k.ed25519}\n${k.at} ${k.ed25519}`],
  ['known', 'another key revoked', (k) => `@revoked * ${k.other}\n${k.at} ${k.ed25519}`],
  ['known', 'one revoked type, one that is not', (k) => both(k).concat(`\n@revoked ${k.at} ${k.ed25519}`)],
  ['known', 'revoked without the port that is on file', (k) => `@revoked 127.0.0.1 ${k.ed25519}\n${both(k)}`],
  ['unknown', 'a certificate authority', (k) => `@cert-authority * ${k.ed25519}`],
  ['changed', 'a certificate authority and another key', (k) => `@cert-authority * ${k.ed25519}\n${k.at} ${k.other}`],
  ['changed', 'only a key of a type the host has not', (k) => `${k.at} ${generateKeyPair('rsa').publicKey}`],
  ['changed', 'only a security key', (k) => `${k.at} ${SECURITY_KEY}`],
  ['unknown', 'only a type that nobody can read', (k) => `${k.at} ${FOREIGN}`],
  ['unknown', 'only a key that was cut short', (k) => `${k.at} ${k.other.slice(0, 60)}`],
  ['unknown', 'only a line of SSH 1', (k) => `${k.at} 1024 35 130249850942850128509`],
  ['unknown', 'a type that is not that of the key', (k) => `${k.at} ${k.ed25519.replace('ssh-ed25519', 'ssh-rsa')}`],
  ['unknown', 'no line at all', () => ''],
  ['known', 'broken lines before it', (k) => `nonsense\n@what ${k.at} x\n|1|A|B ${k.ed25519}\n${k.at} ${k.ed25519}`],
  ['known', 'a broken key before it', (k) => `127.0.0.1 ssh-rsa AAAA!\n${k.at} ssh-rsa AAAA!\n${k.at} ${k.ed25519}`],
  ['known', 'carriage returns, comments, blanks', (k) => `# x\r\n\r\n \t${k.at} \t${k.ed25519}\t# mine\r`],
  ['unknown', 'a mark of byte order before it', (k) => `\u{feff}${k.at} ${k.ed25519}`],
  ['unknown', 'a comment glued to the key', (k) => `${k.at} ${k.ed25519}#mine`],
];

const SECURITY_KEY =
  'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIMaxs+yqFnOt5IhRDVdMQZGV0kRhEW8ueNfmwPqvfMgVAAAABHNzaDo=';

/** Cases in which we are stricter than ssh. */
const STRICTER: readonly KnownHostsCase[] = [
  {
    name: 'a key revoked without the port: ssh takes it for an unknown one on any other port',
    files: (k) => [`@revoked 127.0.0.1 ${k.ed25519}`],
    options: [],
    ours: 'revoked',
    ssh: 'unknown',
  },
  {
    name: 'a tab behind @revoked: ssh wants a blank there and passes over the line',
    files: (k) => [`@revoked\t* ${k.ed25519}\n${k.at} ${k.ed25519}`],
    options: [],
    ours: 'revoked',
    ssh: 'known',
  },
];

const FILES: readonly KnownHostsCase[] = [
  ['known', 'the second of several files', (k: CaseKeys) => [`${k.at} ${k.other}`, `${k.at} ${k.ed25519}`]] as const,
  ['known', 'the file for everybody', (k: CaseKeys) => ['', '', `${k.at} ${k.ed25519}`]] as const,
  [
    'revoked',
    'revoked in the file for everybody',
    (k: CaseKeys) => [`${k.at} ${k.ed25519}`, '', `@revoked * ${k.ed25519}`],
  ] as const,
  ['changed', 'another key in the last file', (k: CaseKeys) => ['', '', `${k.at} ${k.other}`]] as const,
].map(([verdict, name, files]) => ({ name, files, options: [], ours: verdict, ssh: verdict }));

/** All cases. */
export const KNOWN_HOSTS_CASES: readonly KnownHostsCase[] = [
  ...ROWS.map(([verdict, name, file, ...options]) => ({
    name,
    files: (keys: CaseKeys) => [file(keys)],
    options,
    ours: verdict,
    ssh: verdict,
  })),
  ...FILES,
  ...STRICTER,
];

function both(keys: CaseKeys): string {
  return `${keys.at} ${keys.ed25519}\n${keys.at} ${keys.ecdsa}`;
}

/** One key under a name, another under the address that it has. */
function beside({ port, at }: CaseKeys, named: string, addressed: string): string {
  return `${at} ${addressed}\n[::1]:${port} ${addressed}\n[localhost]:${port} ${named}`;
}
