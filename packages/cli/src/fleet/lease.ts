import type { ExecChannel, ExecEnd } from '../ssh/transport.js';

/** A script that heard nothing for more than twice as long takes it that we are gone. */
const BEAT_MS = 500;

/** Keeps a script alive that has begun, by a line twice a second, until the function is called that this gives. */
export function holdLease({ stdin, ended }: ExecChannel): () => void {
  const beat = () => stdin.write('\n');
  beat();
  const timer = setInterval(beat, BEAT_MS);
  const release = () => clearInterval(timer);
  ended.then(release);
  return release;
}

/** Tells whether a script has ended itself because it heard nothing from us: the link was silent, or we were stopped, for a while. */
export function isLeaseOver({ exitCode, signal }: ExecEnd): boolean {
  return signal === 'TERM' || exitCode === 128 + 15;
}
