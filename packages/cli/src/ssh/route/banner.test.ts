import { describe, expect, test } from 'vitest';
import { type BannerState, createBannerCollector } from './banner.js';

/** Adds the text in pieces of `size` bytes; stops at the first verdict. */
function collect(
  text: string,
  size = text.length,
): { state: BannerState; collector: ReturnType<typeof createBannerCollector> } {
  const collector = createBannerCollector();
  const bytes = Buffer.from(text, 'latin1');
  let state: BannerState = { state: 'more' };
  for (let at = 0; at < bytes.length && state.state === 'more'; at += size) {
    state = collector.add(bytes.subarray(at, at + size));
  }
  return { state, collector };
}

describe('a banner', () => {
  test.each([1, 2, 3, 7, 1_000])('in pieces of %d bytes comes out whole, with what follows', (size) => {
    const { state } = collect('SSH-2.0-OpenSSH_9.2p1\r\n', size);
    expect(state.state === 'ssh' && state.rest.toString()).toBe('SSH-2.0-OpenSSH_9.2p1\r\n');
    const withKeys = collect('SSH-2.0-x\r\n\0\0\x05kex', 64).state;
    expect(withKeys.state === 'ssh' && withKeys.rest.toString()).toBe('SSH-2.0-x\r\n\0\0\x05kex');
  });

  test('may stand behind other lines', () => {
    const { state } = collect('hello\r\nSSH is great\r\nSSH-1.99-old\n', 5);
    expect(state.state === 'ssh' && state.rest.toString()).toBe('SSH-1.99-old\n');
  });

  test('that has not come to its end is awaited', () => {
    const { state, collector } = collect('SSH-2.0-Open');
    expect([state.state, collector.sawForeignLine, collector.said]).toEqual(['more', false, 'SSH-2.0-Open']);
  });
});

describe('no banner', () => {
  test.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
    ['an old SSH', 'SSH-1.5-ancient\r\n'],
    ['TLS', '\x15\x03\x01\0\x02\x02'],
    ['a database', 'J\0\0\0\n8.0.1\0'],
    ['a line without end', 'x'.repeat(9_000)],
    ['lines without end', 'x\n'.repeat(1_001)],
    ['long lines without end', `${'x'.repeat(5_000)}\n`.repeat(14)],
  ])('is %s', (_what, text) => {
    expect(collect(text, 512).state.state).toBe('not-ssh');
  });

  test('is told by its first line', () => {
    const { state, collector } = collect('220 mail ESMTP\r\n250 more\r\n', 4);
    expect([state.state, collector.sawForeignLine, collector.said]).toEqual(['more', true, '220 mail ESMTP']);
  });
});
