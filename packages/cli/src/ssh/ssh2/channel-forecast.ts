import type { Ssh2Inner } from './inner.js';

/**
 * Servers that give a channel the lowest number that is free, run what they are asked for before they read on, and keep input that
 * comes right behind: so many bytes of it. Tried with OpenSSH 9.2 and dropbear 2022.83.
 */
const TRUSTED: readonly { readonly software: RegExp; readonly inputBytes: number }[] = [
  { software: /^OpenSSH_[0-9]/, inputBytes: 1024 * 1024 },
  // Its window is 24 KiB.
  { software: /^dropbear_20[12]/, inputBytes: 24 * 1024 },
];

/** Tells whether a server of this software takes a program before it has answered. */
export function isTrustedAhead(software: string): boolean {
  return TRUSTED.some((one) => one.software.test(software));
}

// Whoever closes a connection does so at once: only one that is kept is asked whether it is idle.
const KEPT_MS = 20;

/** Foresees the number that the server will give the next channel, so that it can be used before it is opened. */
export interface ChannelForecast {
  /** The number, where it is sure and the server keeps so much input; undefined otherwise. */
  foresee(inputBytes: number): number | undefined;
  /** The server has let us in: from now on it opens channels, and can be asked. */
  enter(): void;
  /** A channel is being opened. */
  begin(): void;
  /** Both sides have closed one. */
  end(): void;
  /** The server numbers its channels otherwise: nothing is foreseen any more. */
  giveUp(): void;
  /** The connection is going to end. */
  stop(): void;
}

/** Creates the forecast of a connection that has no channels yet. */
export function createChannelForecast(inner: Ssh2Inner | undefined, software: string): ChannelForecast {
  let trusted = inner === undefined ? undefined : TRUSTED.find((one) => one.software.test(software));
  let open = 0;
  let begun = 0;
  let idle = true;
  let isIn = false;
  let asking: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const lastBegun = begun;
    if (open > 0) return;
    // The server may read our close together with the next open, before the number is free.
    await inner?.sync();
    if (begun === lastBegun) idle = true;
  };
  return {
    foresee: (inputBytes) => (trusted !== undefined && idle && inputBytes <= trusted.inputBytes ? 0 : undefined),
    enter() {
      isIn = true;
    },
    begin() {
      open++;
      begun++;
      idle = false;
    },
    end() {
      open--;
      // Whatever was asked of a server that has let nobody in has opened no channel there.
      if (!isIn) idle = open === 0;
      if (open > 0 || trusted === undefined || !isIn) return;
      clearTimeout(asking);
      asking = setTimeout(ask, KEPT_MS).unref();
    },
    giveUp() {
      trusted = undefined;
    },
    stop: () => clearTimeout(asking),
  };
}
