import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

/**
 * Parses a TCP port.
 *
 * @returns 1–65535.
 * @throws OutlastError `E_USAGE` when it is anything but decimal digits without a leading zero in that range.
 */
export function parsePort(text: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a port`, {
      hint: 'a port is a decimal number from 1 to 65535',
    });
  }
  return port;
}
