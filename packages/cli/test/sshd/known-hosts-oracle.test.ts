import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSeededRandom, runOrThrow } from '@outlast/test-fixtures';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type KnownHost, parseKnownHosts } from '../../src/ssh/host-keys/known-hosts-file.js';
import { indexKnownHosts, type KnownHosts } from '../../src/ssh/host-keys/known-hosts-index.js';
import { hashName } from '../../src/ssh/host-keys/known-hosts-name.js';
import { drawKnownHosts, drawName, FORM_NAMES, type GeneratedLine } from './known-hosts-generator.js';

// With -l it reads the keys too, and so passes over the lines that ssh passes over.
const ASK = 'while IFS= read -r name; do echo "? $name"; ssh-keygen -l -F "$name" -f "$0" </dev/null; done; true';
const MARKERS = { none: '', 'cert-authority': 'CA', revoked: 'REVOKED' } as const;

const folder = mkdtempSync(join(tmpdir(), 'outlast-oracle-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach((context) => {
  if (spawnSync('ssh-keygen', ['-?']).error !== undefined) context.skip('no ssh-keygen program on this machine');
});

/** What `ssh-keygen -F` finds for each name: the lines, each with its marker. */
async function askKeygen(text: string, names: readonly string[]): Promise<string[][]> {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, text);
  const output = await runOrThrow(['sh', '-c', ASK, file], { input: `${names.join('\n')}\n` });
  const answers = output.split(/^\? .*\n/m).slice(1);
  return answers.map((answer) =>
    [...answer.matchAll(/found: line (\d+) ?(.*)$/gm)].map(([, line, marker]) => `${line} ${marker}`),
  );
}

function index(text: string): KnownHosts {
  return indexKnownHosts(parseKnownHosts(Buffer.from(text).toString('latin1'), 'kh').entries);
}

function lookup(knownHosts: KnownHosts, name: string): string[] {
  return knownHosts.lookup(name).map(({ line, marker }) => `${line} ${MARKERS[marker]}`);
}

describe('1,000 entries and 1,000 lookups', () => {
  const random = createSeededRandom('known_hosts');
  const lines = drawKnownHosts(random, 1_000);
  const text = lines.map((line) => `${line.text}\n`).join('');
  const names = Array.from({ length: 1_000 }, () => drawName(random));
  const { entries, broken } = parseKnownHosts(Buffer.from(text).toString('latin1'), 'kh');
  const knownHosts = indexKnownHosts(entries);

  test('are what they were made to be', () => {
    expect(entries).toHaveLength(1_000);
    const at = (form: string) => lines.flatMap((line, index) => (line.form === form ? [index + 1] : []));
    expect(broken.map(({ line }) => line)).toEqual(at('broken'));
    expect(Math.min(at('broken').length, at('ignored').length)).toBeGreaterThan(20);
  });

  test('come out as with ssh-keygen -F', async () => {
    const different = [...new Set(names)];
    expect(different.length).toBeGreaterThan(400);
    const theirs = await askKeygen(text, different);
    expect(different.map((name) => [name, ...lookup(knownHosts, name)])).toEqual(
      theirs.map((found, index) => [different[index], ...found]),
    );
  });

  test('meet every way of writing hosts, and every marker, both hit and missed', () => {
    const hits = new Set(names.flatMap((name) => knownHosts.lookup(name)));
    const formOf = ({ line }: KnownHost) => (lines[line - 1] as GeneratedLine).form;
    // What is negated itself can never be found.
    const findable = FORM_NAMES.filter((form) => form !== 'negated itself');
    expect([...new Set([...hits].map(formOf))].toSorted()).toEqual(findable.toSorted());
    expect(new Set(entries.filter((entry) => !hits.has(entry)).map(formOf))).toContain('negated itself');
    expect(new Set([...hits].map(({ marker }) => marker)).size).toBe(3);
  });
});

// In each of these ssh itself does as we do; known-hosts-judge.test.ts asks it.
describe('where ssh-keygen -F knows less than ssh', () => {
  const KEY = `ssh-ed25519 ${Buffer.from(`\0\0\0\vssh-ed25519\0\0\0 ${'k'.repeat(32)}`).toString('base64')}`;

  test('a hashed name is not found by one in upper case, which ssh puts into lower case first', async () => {
    const text = `${hashName('web1', Buffer.alloc(20, 1))} ${KEY}\n`;
    expect(await askKeygen(text, ['WEB1', 'web1'])).toEqual([[], ['1 ']]);
    expect(lookup(index(text), 'web1')).toEqual(['1 ']);
  });

  test('an entry without a port is not found for a host with one', async () => {
    expect(await askKeygen(`web1 ${KEY}\n`, ['[web1]:2222'])).toEqual([[]]);
  });
});
