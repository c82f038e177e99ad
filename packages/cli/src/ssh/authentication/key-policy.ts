import type { HostSettings } from '../configuration/host-settings.js';
import { readKeyType, readRsaBits } from '../host-keys/fingerprint.js';

/** Signature algorithms of RSA keys that are used, best first; never SHA-1. */
const RSA_ALGORITHMS = ['rsa-sha2-512', 'rsa-sha2-256'];

type Policy = Pick<HostSettings, 'pubkeyAcceptedAlgorithms' | 'requiredRsaSize'>;

/** Lists the algorithms with which RSA keys may sign, best first; none where the configuration allows neither. */
export function listRsaAlgorithms({ pubkeyAcceptedAlgorithms: allowed }: Policy): string[] {
  return allowed.length === 0 ? [...RSA_ALGORITHMS] : RSA_ALGORITHMS.filter((name) => allowed.includes(name));
}

/** Says why the configuration keeps a key of ours from being used; undefined when it does not. Pure. */
export function findKeyObstacle(publicKey: Buffer, policy: Policy): string | undefined {
  const type = readKeyType(publicKey) ?? '';
  const { pubkeyAcceptedAlgorithms: allowed, requiredRsaSize } = policy;
  const isAllowed = type === 'ssh-rsa' ? listRsaAlgorithms(policy).length > 0 : allowed.includes(type);
  if (allowed.length > 0 && !isAllowed) return `${type} is not among PubkeyAcceptedAlgorithms`;
  const bits = readRsaBits(publicKey);
  if (bits !== undefined && bits < requiredRsaSize)
    return `${bits} bits, fewer than RequiredRSASize ${requiredRsaSize}`;
  return undefined;
}
