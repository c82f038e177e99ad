import { OutlastError, quoteForMessage } from '@outlast/core';

/** Counts failures, and says when there have been too many to go on. */
export interface FailureBudget {
  readonly spent: boolean;
  count(failed: boolean): void;
}

/** A number of hosts, or a share of those chosen. */
export type HostShare = { readonly hosts: number } | { readonly percent: number };

/** Tolerates so many failures among `total` hosts; the next one spends the budget. Without a limit it is never spent. */
export function createFailureBudget(limit: HostShare | undefined, total: number): FailureBudget {
  const tolerated = limit === undefined ? Number.POSITIVE_INFINITY : resolveHostShare(limit, total);
  let failures = 0;
  return {
    get spent() {
      return failures > tolerated;
    },
    count(failed) {
      if (failed) failures++;
    },
  };
}

/** The share of `total` hosts, rounded down. */
export function resolveHostShare(share: HostShare, total: number): number {
  return 'hosts' in share ? share.hosts : Math.floor((share.percent / 100) * total);
}

/**
 * Parses a number of hosts, or a share of them such as `25%`.
 *
 * @throws OutlastError `E_USAGE` for anything else.
 */
export function parseHostShare(text: string): HostShare {
  const [, percent] = /^([0-9]{1,3})%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
  if (/^[0-9]{1,7}$/.test(text)) return { hosts: Number(text) };
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not a number of hosts`, {
    hint: 'a number such as 3, or a share such as 25%',
  });
}

/**
 * Parses how many hosts make a batch. A small share of few hosts is one host; none at all would be no batch.
 *
 * @throws OutlastError `E_USAGE` for 0, 0% and anything else that is no number of hosts.
 */
export function parseBatchSize(text: string): HostShare {
  const share = parseHostShare(text);
  if (resolveHostShare(share, 100) > 0) return share;
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} makes no batch of hosts`, {
    hint: 'a number from 1 on, or a share such as 25%',
  });
}
