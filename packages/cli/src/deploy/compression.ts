import { gzipSync } from 'node:zlib';

/** From so much on it is measured first how fast the link is: one that is fast takes less time than gzip. */
export const MEASURED_BYTES = 8 << 20;
const FAST_BYTES_PER_SECOND = 30e6;
/** What is left of it has to be less than that share. */
const WORTHWHILE = 0.8;

/** Whether what is like this sample gets so much smaller that it pays. */
export function isCompressible(sample: Buffer): boolean {
  return gzipSync(sample, { level: 1 }).length < sample.length * WORTHWHILE;
}

/** Whether a link over which so many bytes went since that moment, in milliseconds of `performance.now()`, is slower than gzip. */
export function isSlow(bytes: number, begunMs: number): boolean {
  return (bytes / (performance.now() - begunMs)) * 1000 < FAST_BYTES_PER_SECOND;
}
