import { hostname } from 'node:os';
import { readLocalUser } from '../ssh/configuration/local-user.js';

/** Who acts, as the hosts keep it: `user@laptop`. */
export function getLocalName(): string {
  const { name, uid } = readLocalUser();
  return `${name || uid}@${hostname()}`;
}
