import { readFileSync } from 'node:fs';
import { encodeUtf8 } from '../src/wire/bytes.js';
import { RecordScanner } from '../src/wire/record-scanner.js';
import { type Reply, ReplyCollector } from '../src/wire/reply.js';

/** The nonce that the captured answers were made with. */
export const CAPTURED_NONCE = 'c4p7ured';

/** Reads what a script printed. */
export function readReply(output: Uint8Array | string, nonce: string): Reply {
  const scanner = new RecordScanner(nonce);
  const collector = new ReplyCollector();
  const bytes = typeof output === 'string' ? encodeUtf8(output) : output;
  for (const part of [...scanner.push(bytes), ...scanner.end()]) collector.add(part);
  return collector.toReply();
}

/** Reads an answer that a real shell once gave, from a file beside the test. */
export function readCapturedReply(testUrl: string, name: string): Reply {
  return readReply(readCapture(testUrl, name), CAPTURED_NONCE);
}

/** The bytes that a real program once printed, from a file beside the test. */
export function readCapture(testUrl: string, name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}.txt`, testUrl));
}
