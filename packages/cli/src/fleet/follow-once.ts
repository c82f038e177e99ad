import { buildFollowScript, type FollowEvent, type FollowReader, RecordScanner } from '@outlast/core';
import type { ExecEnd } from '../ssh/transport.js';
import type { HostSession, ScriptChannel } from './host-session.js';
import { holdLease, isLeaseOver } from './lease.js';
import { createNonce } from './nonce.js';
import { waitForRetry } from './reconnect.js';

/** One script on the host lasts this long; then the next one goes on from where it came to. */
const SCRIPT_SECONDS = 30;
/** The host says something each second: after so much silence the link is dead. */
const SILENCE_MS = 15_000;
/**
 * Follows the logs of one host from the reader's cursors for the time of one script; `print` is waited for, so that a slow reader makes the host wait.
 *
 * @throws OutlastError `E_CONNECTION_LOST` once the link is gone, or has been silent for 15 s.
 */
export async function followOnce(
  session: HostSession,
  reader: FollowReader,
  print: (event: FollowEvent) => Promise<void>,
): Promise<void> {
  const nonce = createNonce();
  const script = buildFollowScript({ cursors: reader.cursors, seconds: SCRIPT_SECONDS }, { nonce });
  const { channel } = await openOrGiveUp(session, script, nonce);
  const scanner = new RecordScanner(nonce);
  channel.stderr.resume();
  let watchdog = setTimeout(() => channel.close(), SILENCE_MS);
  let complete = false;
  let release: (() => void) | undefined;
  let end: ExecEnd;
  try {
    for await (const chunk of channel.stdout as AsyncIterable<Uint8Array>) {
      clearTimeout(watchdog);
      for (const part of scanner.push(chunk)) {
        if (part.kind === 'record') release ??= holdLease(channel);
        if (part.kind === 'record' && part.text.startsWith('END ')) complete = true;
        const event = reader.read(part);
        if (event !== undefined) await print(event);
      }
      if (complete) return;
      watchdog = setTimeout(() => channel.close(), SILENCE_MS);
    }
    end = await channel.ended;
  } finally {
    clearTimeout(watchdog);
    release?.();
    channel.close();
  }
  if (isLeaseOver(end)) return waitForRetry(0, session.signal);
  throw session.explainSilence(false, { reply: { begun: true, preamble: '' }, end, stderr: '' });
}

/** Opens the channel of a script; over a link that has gone silent by then it would wait for three keepalives. */
async function openOrGiveUp(session: HostSession, script: string, nonce: string): Promise<ScriptChannel> {
  const watchdog = session.isConnected ? setTimeout(() => void session.close(), SILENCE_MS) : undefined;
  try {
    return await session.openScript(script, nonce, true);
  } finally {
    clearTimeout(watchdog);
  }
}
