// Each leaves some 40 KB; a collection takes about as long as two logins.
const HOSTS_A_COLLECTION = 250;

/**
 * Counts hosts that are done, and has what they left behind collected now and then, where the launcher lets us: V8 by itself waits until
 * there is four times as much garbage as there is anything else, so that a large fleet would take twice the memory of a small one.
 */
export function createGarbageCollector(): () => void {
  let hosts = 0;
  return () => {
    hosts++;
    if (hosts % HOSTS_A_COLLECTION === 0) globalThis.gc?.();
  };
}
