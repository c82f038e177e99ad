import { describe, expect, test } from 'vitest';
import { createOutputGatherer, type OutputStore } from './gathered-outputs.js';

const ORDER = ['web1', 'web2', 'web3', 'db'];

function createGatherer(limit?: number) {
  return createOutputGatherer((bytes) => new Error(`more than ${bytes}`), limit);
}

function print(store: OutputStore, host: string, ...chunks: readonly string[]): void {
  const stream = store.open(host);
  for (const chunk of chunks) stream.append(Buffer.from(chunk));
  stream.end();
}

function read(store: OutputStore): [readonly string[], string][] {
  return store.groups(ORDER).map(({ hosts, bytes }) => [hosts, Buffer.from(bytes).toString()]);
}

describe('gathered outputs', () => {
  test('stand once, at the place of their first host, whoever ended first and whatever the chunks', () => {
    const { stdout } = createGatherer();
    print(stdout, 'db', 'other\n');
    print(stdout, 'web3', 'same\n');
    print(stdout, 'web2');
    print(stdout, 'web1', 'sa', 'me\n');
    expect(read(stdout)).toEqual([
      [['web1', 'web3'], 'same\n'],
      [['db'], 'other\n'],
    ]);
  });

  test('keep the two streams apart', () => {
    const { stdout, stderr } = createGatherer();
    print(stdout, 'web1', 'text');
    print(stderr, 'web2', 'text');
    expect(read(stdout)).toEqual([[['web1'], 'text']]);
    expect(read(stderr)).toEqual([[['web2'], 'text']]);
  });

  test('take room once, however many hosts print the same', () => {
    const { stdout, stderr } = createGatherer(10);
    for (const host of ORDER) print(stdout, host, '12345');
    expect(() => print(stderr, 'db', '123456')).toThrow('more than 10');
  });

  test('that are forgotten make room for others', () => {
    const { stdout } = createGatherer(10);
    const dropped = stdout.open('web1');
    dropped.append(Buffer.from('1234567890'));
    expect(() => dropped.append(Buffer.from('1'))).toThrow();
    dropped.drop();
    dropped.end();
    print(stdout, 'web2', '1234567890');
    expect(read(stdout)).toEqual([[['web2'], '1234567890']]);
  });
});
