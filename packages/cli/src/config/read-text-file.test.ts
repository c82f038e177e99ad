import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTextFile, readTextStream } from './read-text-file.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outlast-read-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a file of a gigabyte is given up at the limit', async () => {
  const path = join(folder, 'large');
  await writeFile(path, '');
  await truncate(path, 2 ** 30);
  await expect(readTextFile(path, 'large')).rejects.toThrow('cannot read large: it is larger than 1 MiB');
  await expect(readTextFile(path, 'large', { mebibytes: 2 })).rejects.toThrow('larger than 2 MiB');
});

test('a stream without end is given up at the limit, and destroyed', async () => {
  let given = 0;
  const stream = new Readable({
    read() {
      given += 65_536;
      this.push(Buffer.alloc(65_536, 'a'));
    },
  });
  await expect(readTextStream(stream, 'stdin')).rejects.toThrow('cannot read stdin: it is larger than 1 MiB');
  expect(given).toBeLessThan(2 * 1_048_576);
  expect(stream.destroyed).toBe(true);
});

test('text that is cut between chunks comes whole, and what is not UTF-8 is refused', async () => {
  const bytes = Buffer.from('wéb1');
  expect(await readTextStream(Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]), 'stdin')).toBe('wéb1');
  const cut = readTextStream(Readable.from([bytes.subarray(0, 2)]), 'stdin');
  await expect(cut).rejects.toThrow('cannot read stdin: it is not UTF-8');
});

test('a named pipe is read to its end, and waited for without holding a thread', async () => {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const text = readTextFile(path, 'pipe');
  await writeFile(path, 'web1\n');
  expect(await text).toBe('web1\n');
});
