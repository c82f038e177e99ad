import { DEFAULT_LOG, LEAST_LOG_SIZE, type LogSettings, OutlastError, parseSize, quoteForMessage } from '@outlast/core';
import type { AppDefinition } from '../config/resolve-app.js';

/** The flags that say what becomes of an app's output. */
export interface LogSettingFlags {
  readonly logMaxSize?: number;
  readonly logKeep?: number;
  readonly logSplit?: boolean;
}

/**
 * Puts flags and configuration together, flags first.
 *
 * @throws OutlastError `E_USAGE` for a number of archives where none is ever made.
 */
export function resolveLogSettings(flags: LogSettingFlags, configured: AppDefinition['log'] | undefined): LogSettings {
  const maxSizeBytes = flags.logMaxSize ?? configured?.maxSizeBytes ?? DEFAULT_LOG.maxSizeBytes;
  const keep = flags.logKeep ?? configured?.keep;
  if (keep !== undefined && maxSizeBytes === null) {
    throw new OutlastError('E_USAGE', 'it is said how many archives of the log are kept, but not when one is made', {
      hint: 'add --log-max-size 50MB, or max_size: 50MB under `log:`',
    });
  }
  return {
    maxSizeBytes,
    keep: keep ?? DEFAULT_LOG.keep,
    split: flags.logSplit ?? configured?.split ?? DEFAULT_LOG.split,
  };
}

/** Reads a size from which on a log is cut. */
export function parseLogSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= LEAST_LOG_SIZE) return bytes;
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is too small for a log`, {
    hint: `at least ${LEAST_LOG_SIZE} bytes, such as 50MB`,
  });
}
