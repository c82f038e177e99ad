import { OutlastError } from '@outlast/core';
import type { Algorithms } from 'ssh2';
import type { HostSettings } from '../configuration/host-settings.js';

// Ours, best first: what ssh2 can do without SHA-1, CBC and groups that are too small.
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
];
const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
];
const MACS = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'];

/**
 * Builds the lists that are offered: ours, in our order, as far as the ssh configuration allows them.
 * Host keys of the `knownTypes` come first, so that a host is recognised by the key that is on file.
 *
 * @throws OutlastError `E_NO_COMMON_ALGORITHM` when the configuration allows nothing that we can do.
 */
export function buildAlgorithms(settings: HostSettings, knownTypes: readonly string[]): Algorithms {
  const hostKeys = allow('HostKeyAlgorithms', HOST_KEYS, settings.hostKeyAlgorithms);
  const isKnown = (name: string): boolean => knownTypes.includes(name.startsWith('rsa-sha2-') ? 'ssh-rsa' : name);
  const known = hostKeys.filter(isKnown);
  return {
    kex: allow('KexAlgorithms', KEX, settings.kexAlgorithms),
    serverHostKey: [...known, ...hostKeys.filter((name) => !isKnown(name))],
    cipher: allow('Ciphers', CIPHERS, settings.ciphers),
    hmac: allow('MACs', MACS, settings.macs),
    compress: ['none'],
  } as Algorithms;
}

function allow(keyword: string, ours: readonly string[], allowed: readonly string[]): string[] {
  if (allowed.length === 0) return [...ours];
  const both = ours.filter((name) => allowed.includes(name));
  if (both.length > 0) return both;
  throw new OutlastError('E_NO_COMMON_ALGORITHM', `the ssh configuration allows no ${keyword} that outlast can do`, {
    hint: `OpenSSH itself can do more: --transport openssh; outlast alone can do ${ours.join(',')}`,
  });
}
