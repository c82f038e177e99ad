import { randomBytes } from 'node:crypto';

/** Makes an unguessable word for one script. */
export function createNonce(): string {
  return randomBytes(12).toString('hex');
}

/** Makes the unguessable id of one request to start something. */
export function createRequestId(): string {
  return createNonce();
}
