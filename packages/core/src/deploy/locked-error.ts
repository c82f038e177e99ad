import { OutlastError } from '../errors.js';
import { formatTime } from '../state/resolve-state.js';
import { findRecord, type Reply } from '../wire/reply.js';
import { decodeText, decodeToken } from '../wire/token.js';

/** Makes the error for an app that somebody is deploying at this moment, with who, since when and why. */
export function createLockedError(reply: Reply, hint: string): OutlastError {
  const [, by, at, verb, reason] = findRecord(reply, 'HELD')?.fields ?? [];
  const why = decodeToken(reason ?? '');
  const since = formatTime(Number(at) || null);
  const because = typeof why === 'string' ? `: ${why}` : '';
  const message = `${describeWho(by)} is at a ${verb ?? 'deploy'} since ${since ?? 'some time'}${because}`;
  return new OutlastError('E_LOCKED', message, { hint });
}

/** The name in a token, or a word for one that cannot be read. */
export function describeWho(token: string | undefined): string {
  return decodeText(token) ?? 'somebody';
}
