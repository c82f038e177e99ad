/**
 * The log of an ssh in the order of what it does. Not all of it is ssh's own: a ProxyCommand writes to the same stderr, and
 * a server's login banner is shown there. Each stage has one of them at most.
 */
export interface LogStages {
  /** Until the server's identification. Where there is a ProxyCommand, what it says stands here. */
  readonly dialling: string;
  /** Until the server's key was checked and is in use: the words of ssh alone. */
  readonly keyExchange: string;
  /** From then on; whatever the server shows stands here. */
  readonly login: string;
  readonly isProxied: boolean;
}

const PROXIED = /^debug1: Executing proxy (?:dialer )?command/m;

/** Splits a log into its stages; those that were not reached are empty. */
export function splitLog(log: string): LogStages {
  const lines = log.split(/\r?\n/);
  const banner = findBanner(lines);
  const newKeys = lines.indexOf('debug1: SSH2_MSG_NEWKEYS received', banner);
  const end = newKeys === -1 ? lines.length : newKeys;
  const dialling = lines.slice(0, banner).join('\n');
  return {
    dialling,
    keyExchange: lines.slice(banner, end).join('\n'),
    login: lines.slice(end).join('\n'),
    isProxied: PROXIED.test(dialling),
  };
}

/** An `ssh` as ProxyCommand may be as talkative as ours. It began later, and the server's identification comes through it: ours is heard last. */
function findBanner(lines: readonly string[]): number {
  let unanswered = 0;
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('debug1: Local version string ')) unanswered++;
    if (line.startsWith('debug1: Remote protocol version ') && --unanswered <= 0) return index;
  }
  return lines.length;
}
