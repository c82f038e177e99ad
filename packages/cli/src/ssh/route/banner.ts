import type { Duplex } from 'node:stream';
import type { OutlastError } from '@outlast/core';
import { buildNotSshError, buildThrottledError, isThrottleLine } from '../connect-errors.js';
import { type Deadline, explainWhile, raceSignal } from '../deadline.js';

/** Our identification; sent as soon as the stream is open. */
export const IDENT = 'outlast';

const IDENT_LINE = Buffer.from(`SSH-2.0-${IDENT}\r\n`);

const MAX_PREAMBLE_BYTES = 64 * 1024;
const MAX_PREAMBLE_LINES = 1_000;
const MAX_LINE_BYTES = 8 * 1024;
const NEWLINE = 0x0a;

/** What became of the bytes so far. */
export type BannerState =
  | { readonly state: 'more' }
  /** `rest` begins with the `SSH-` line and holds all that came behind it. */
  | { readonly state: 'ssh'; readonly rest: Buffer }
  | { readonly state: 'not-ssh'; readonly text: string };

/** Collects bytes up to the line with which an SSH server introduces itself. */
export interface BannerCollector {
  add(chunk: Buffer): BannerState;
  /** What came before the `SSH-` line: the first complete line, or the unfinished one. */
  readonly said: string;
  /** True once a complete line came that is no SSH banner. */
  readonly sawForeignLine: boolean;
}

/** Creates a collector. Pure apart from what it was given. */
export function createBannerCollector(): BannerCollector {
  let pending: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let lines = 0;
  let firstLine: string | undefined;
  const collector = {
    get said() {
      return firstLine ?? formatLine(pending);
    },
    get sawForeignLine() {
      return lines > 0;
    },
    add(chunk: Buffer): BannerState {
      bytes += chunk.length;
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (let end = pending.indexOf(NEWLINE); end !== -1; end = pending.indexOf(NEWLINE)) {
        if (isIdent(pending)) return judgeIdent(pending, end);
        const line = formatLine(pending.subarray(0, end));
        firstLine ??= line;
        lines++;
        if (/^HTTP\//.test(line)) return { state: 'not-ssh', text: line };
        pending = pending.subarray(end + 1);
      }
      const excessive = bytes > MAX_PREAMBLE_BYTES || lines > MAX_PREAMBLE_LINES || pending.length > MAX_LINE_BYTES;
      // A text preamble holds no NUL: what does is a binary protocol that would never send our line.
      return excessive || pending.includes(0) ? { state: 'not-ssh', text: collector.said } : { state: 'more' };
    },
  };
  return collector;
}

function isIdent(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.toString('latin1', 0, 4) === 'SSH-';
}

function judgeIdent(bytes: Buffer, end: number): BannerState {
  const line = formatLine(bytes.subarray(0, end));
  return /^SSH-(?:2\.0|1\.99)-/.test(line) ? { state: 'ssh', rest: bytes } : { state: 'not-ssh', text: line };
}

function formatLine(bytes: Buffer): string {
  return bytes.toString('utf8').trim().slice(0, 200);
}

/**
 * Introduces us and waits until the server did so too; the stream then begins with the server's `SSH-` line,
 * in one piece. Both lines cross on the way, which saves a round trip. Gives the software that the line names: `OpenSSH_9.2p1`.
 *
 * @throws OutlastError `E_THROTTLED` when the stream ends before that line, `E_NOT_SSH` for anything else than SSH 2;
 * the deadline's reason when that aborts first, which is `E_NOT_SSH` when lines of another protocol had come.
 */
export async function exchangeBanners(stream: Duplex, where: string, deadline: Deadline): Promise<string> {
  const collector = createBannerCollector();
  const explain = () => (collector.sawForeignLine ? buildEarlyEndError(where, collector) : undefined);
  stream.write(IDENT_LINE);
  try {
    return await explainWhile(deadline, explain, () =>
      raceSignal(readBanner(stream, where, collector), deadline.signal),
    );
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

function readBanner(stream: Duplex, where: string, collector: BannerCollector): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      stream.pause();
      act();
    };
    const onData = (chunk: Buffer): void => {
      const banner = collector.add(chunk);
      if (banner.state === 'ssh') {
        settle(() => {
          stream.unshift(banner.rest);
          resolve(readSoftware(banner.rest));
        });
      }
      if (banner.state === 'not-ssh') settle(() => reject(buildNotSshError(where, banner.text)));
    };
    const onEnd = (): void => settle(() => reject(buildEarlyEndError(where, collector)));
    stream.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
  });
}

function readSoftware(rest: Buffer): string {
  const line = formatLine(rest.subarray(0, rest.indexOf(NEWLINE)));
  return /^SSH-[^-]*-([^ ]*)/.exec(line)?.[1] ?? '';
}

function buildEarlyEndError(where: string, collector: BannerCollector): OutlastError {
  const { said, sawForeignLine } = collector;
  const foreign = sawForeignLine && !isThrottleLine(said);
  return foreign ? buildNotSshError(where, said) : buildThrottledError(where, said);
}

/**
 * Keeps ssh2 from sending the identification that `exchangeBanners` has sent: drops the first write if it is that.
 */
export function dropSecondIdent(stream: Duplex): void {
  const write = stream.write;
  stream.write = ((chunk: unknown, ...rest: unknown[]) => {
    stream.write = write;
    const isIdent = Buffer.isBuffer(chunk) && chunk.equals(IDENT_LINE);
    return isIdent || (write as (...args: unknown[]) => boolean).call(stream, chunk, ...rest);
  }) as Duplex['write'];
}
