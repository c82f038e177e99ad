import { OutlastError } from '../errors.js';
import { concatBytes, decodeHexText, decodeUtf8 } from './bytes.js';
import type { ScannedPart } from './record-scanner.js';

/** One line of ours: its first word and the words behind it, and the raw bytes that followed it. */
export interface WireRecord {
  readonly kind: string;
  readonly fields: readonly string[];
  readonly data: Uint8Array;
}

/** Everything that a script answered between its BEGIN and its END. */
export interface Reply {
  readonly records: readonly WireRecord[];
  /** What was printed before BEGIN: banners of rc files, or the reason why no shell ran. */
  readonly preamble: string;
  /** BEGIN was seen: our script ran. */
  readonly begun: boolean;
  /** The status in END; undefined when END never came, so that nobody knows how it ended. */
  readonly status: number | undefined;
}

/** What is kept of the text before BEGIN. */
const MAX_PREAMBLE_BYTES = 4096;

/** Collects scanned parts into a {@link Reply}; what comes after END is left out. */
export class ReplyCollector {
  readonly #records: { kind: string; fields: string[]; chunks: Uint8Array[] }[] = [];
  readonly #preamble: Uint8Array[] = [];
  #preambleBytes = 0;
  #begun = false;
  #status: number | undefined;

  /** True once BEGIN has come: our script runs. */
  get begun(): boolean {
    return this.#begun;
  }

  /** True once END has come: there is nothing more to wait for. */
  get complete(): boolean {
    return this.#status !== undefined;
  }

  add(part: ScannedPart): void {
    if (this.complete) return;
    if (part.kind === 'bytes') this.#addBytes(part.bytes);
    else this.#addRecord(part.text);
  }

  toReply(): Reply {
    return {
      records: this.#records.map(({ kind, fields, chunks }) => ({ kind, fields, data: concatBytes(chunks) })),
      preamble: decodeUtf8(concatBytes(this.#preamble)),
      begun: this.#begun,
      status: this.#status,
    };
  }

  #addBytes(bytes: Uint8Array): void {
    if (this.#begun) {
      this.#records.at(-1)?.chunks.push(bytes);
    } else if (this.#preambleBytes < MAX_PREAMBLE_BYTES) {
      this.#preamble.push(bytes.subarray(0, MAX_PREAMBLE_BYTES - this.#preambleBytes));
      this.#preambleBytes += bytes.length;
    }
  }

  #addRecord(text: string): void {
    const [kind = '', ...fields] = text.split(' ');
    if (kind === 'BEGIN') this.#begun = true;
    else if (kind === 'END') this.#status = Number(fields[0] ?? 1);
    else this.#records.push({ kind, fields, chunks: [] });
  }
}

/** The first record of this kind. */
export function findRecord(reply: Reply, kind: string): WireRecord | undefined {
  return reply.records.find((record) => record.kind === kind);
}

/** One thing that the script said it could not do. */
export interface RemoteError {
  /** A code of ours, or a word that the operation knows. */
  readonly code: string;
  /** Null when it is the host's matter rather than one app's. */
  readonly app: string | null;
  readonly detail: string;
}

/** Reads the `ERROR code app detail` records. */
export function parseRemoteErrors(reply: Reply): RemoteError[] {
  return reply.records
    .filter((record) => record.kind === 'ERROR')
    .map(({ fields: [code = 'E_PROTOCOL', app = '-', detail = ''] }) => ({
      code,
      app: app === '-' ? null : app,
      detail: decodeHexText(detail),
    }));
}

/** Makes the error for an answer that lacks what it must hold. */
export function createProtocolError(what: string): OutlastError {
  return new OutlastError('E_PROTOCOL', `the host's answer lacks ${what}`, {
    hint: 'run it again with --verbose, and report what it prints',
  });
}
