import { OutlastError } from '../errors.js';
import { quoteForMessage } from '../values/escape-for-message.js';

const RELEASE_ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{8}$/;

/**
 * Checks the id of a release and returns it.
 *
 * @throws OutlastError `E_USAGE` when it is none: it becomes a path on the host.
 */
export function parseReleaseId(id: string): string {
  if (RELEASE_ID.test(id)) return id;
  throw new OutlastError('E_USAGE', `${quoteForMessage(id)} is not the id of a release`, {
    hint: 'one looks like 20261128-175400-0a1b2c3d: see outlast releases APP',
  });
}
