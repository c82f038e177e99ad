import { get } from 'node:http';

const TIMEOUT_MS = 10_000;

/** Fetches a page; resolves to its status and its text. */
export function fetchPage(url, signal) {
  return new Promise((resolve, reject) => {
    // A connection of its own: nothing stays open behind it.
    const options = { agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) };
    get(url, options, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    }).on('error', reject);
  });
}
