/** So many hosts in a row that refuse the same login stop a run. */
export const DEFAULT_MAX_AUTH_FAIL = 10;

/** How long an app has to live to count as started. */
export const DEFAULT_SETTLE_MS = 1_000;
