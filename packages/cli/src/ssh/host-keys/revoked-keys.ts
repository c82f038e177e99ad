import { OutlastError } from '@outlast/core';
import { type KnownHost, parseKnownHosts } from './known-hosts-file.js';

const KRL_MAGIC = 'SSHKRL\n\0';

/**
 * Parses a file of RevokedHostKeys: one public key a line, each of which counts for every host. Pure.
 *
 * @throws OutlastError `E_NEEDS_OPENSSH` for a key revocation list, whose form only OpenSSH itself reads;
 * `E_CONFIG` for a line that is no key, since going on might accept the very key that it was meant for.
 */
export function parseRevokedKeys(content: Buffer, file: string): KnownHost[] {
  if (content.toString('latin1', 0, KRL_MAGIC.length) === KRL_MAGIC) {
    throw new OutlastError('E_NEEDS_OPENSSH', `${file} is a key revocation list, which only OpenSSH itself can read`, {
      hint: 'list the revoked public keys as text, one a line, and name that file with RevokedHostKeys',
    });
  }
  const lines = content.toString('utf8').split('\n');
  // A line of known_hosts is a key with its host and a marker in front.
  const marked = lines.map((line) => (/^\s*(?:#|$)/.test(line) ? line : `@revoked * ${line.trim()}`));
  const { entries, broken } = parseKnownHosts(marked.join('\n'), file);
  const [first] = broken;
  if (first === undefined) return entries;
  throw new OutlastError('E_CONFIG', `${file}:${first.line} is no public key`, {
    hint: 'RevokedHostKeys takes public keys, one a line, as ssh-keygen writes them into a .pub file',
  });
}
