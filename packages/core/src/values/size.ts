import { OutlastError } from '../errors.js';
import { quoteForMessage } from './escape-for-message.js';

const LARGEST_SIZE = 1e15;
const PREFIXES = ['', 'K', 'M', 'G', 'T'];

/**
 * Parses a size such as `512B`, `64KB`, `10MB`, `1.5GB` (powers of 1000) or `64KiB`, `10MiB` (powers of 1024); the
 * case of the unit does not matter.
 *
 * @returns whole bytes, rounded, from 0 to 1000 TB.
 * @throws OutlastError `E_USAGE` when the unit is missing or unknown, the number is not plain decimal, or it is over
 *   1000TB.
 */
export function parseSize(text: string): number {
  const match = /^([0-9]{1,16}(?:\.[0-9]{1,6})?)([KMGT]?)(i?)B$/i.exec(text);
  const power = PREFIXES.indexOf((match?.[2] ?? '').toUpperCase());
  const binary = match?.[3] !== '';
  if (match?.[1] === undefined || (binary && power === 0)) {
    throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a size`, {
      hint: 'a size is a number and a unit: 512B, 64KB, 10MB, 2GB, or 10MiB for powers of 1024',
    });
  }
  const bytes = Math.round(Number(match[1]) * (binary ? 1024 : 1000) ** power);
  if (bytes > LARGEST_SIZE) {
    throw new OutlastError('E_USAGE', `the size ${quoteForMessage(text)} is too large`, {
      hint: 'a size is at most 1000TB',
    });
  }
  return bytes;
}
