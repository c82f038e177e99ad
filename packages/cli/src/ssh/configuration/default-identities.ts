import type { RawSettings } from './raw-settings.js';

// As ssh spells them; those of other spellings somebody has named.
const DEFAULT_FILE = /^~\/\.ssh\/id_(?:rsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss|dsa)$/;
// The ones that every version of ssh looks for, and that stand where there is no ssh.
const ALWAYS_LOOKED_FOR = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];

/**
 * Selects the key files that ssh looks for on its own account. It prints the list of them only, and then as a whole, where
 * nobody has named a file that is there: one such name by itself was given by somebody. Pure.
 */
export function selectDefaultIdentities(raw: RawSettings): string[] {
  const paths = raw.get('identityfile') ?? [];
  const isWhole = ALWAYS_LOOKED_FOR.every((path) => paths.includes(path));
  return isWhole ? paths.filter((path) => DEFAULT_FILE.test(path)) : [];
}
