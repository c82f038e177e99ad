import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSeededRandom, runOrThrow, runProgram, type SeededRandom } from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Inventory, loadInventories } from '../../src/inventory/ansible/load-inventories.js';
import { drawInventory, type Format, type GeneratedFiles } from './ansible-generator.js';

const PYTHON = '/usr/bin/python3';
const KINDS = ['in INI', 'in YAML', 'by a program', 'several and folders together'] as const;
const CASES_OF_A_KIND = 10;
const ORACLE = fileURLToPath(new URL('ansible-oracle.py', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'outlast-ansible-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// Nothing of this machine's own, such as /etc/ansible.
const env = {
  PATH: '/usr/bin:/bin',
  HOME: folder,
  ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
  ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: '1',
  LC_ALL: 'C.UTF-8',
};

writeFileSync(env.ANSIBLE_CONFIG, '');

let missing: string | undefined;
const drawn: Record<(typeof KINDS)[number], Case[]> = {
  'in INI': [],
  'in YAML': [],
  'by a program': [],
  'several and folders together': [],
};

beforeAll(async () => {
  const { exitCode } = await runProgram([PYTHON, '-c', 'import ansible'], { env });
  if (exitCode !== 0) missing = 'no Ansible for /usr/bin/python3; on Debian and Ubuntu: apt-get install ansible-core';
  else await drawCases();
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

interface Answer {
  readonly hosts: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly reach: readonly unknown[];
}

interface Case {
  readonly sources: readonly string[];
  /** What was written, for the message of a difference. */
  readonly texts: string;
  readonly theirs: Answer;
}

/** Draws all cases, and asks about them at once, since the start of Ansible takes a second. */
async function drawCases(): Promise<void> {
  const random = createSeededRandom('ansible');
  const asked = KINDS.flatMap((kind) =>
    Array.from({ length: CASES_OF_A_KIND }, (_, index) => ({ kind, ...drawCase(random, kind, `${kind} ${index}`) })),
  );
  const answers = await askAnsible(asked.map(({ sources }) => sources));
  for (const [index, { kind, ...one }] of asked.entries())
    drawn[kind].push({ ...one, theirs: answers[index] as Answer });
  expect(answers.filter(({ hosts }) => hosts.length > 5).length).toBeGreaterThan(asked.length / 4);
}

function drawCase(random: SeededRandom, kind: (typeof KINDS)[number], name: string): Omit<Case, 'theirs'> {
  const formats: Record<typeof kind, readonly Format[]> = {
    'in INI': ['ini'],
    'in YAML': ['yaml'],
    'by a program': ['json'],
    'several and folders together': ['ini', 'yaml', random.pick(['ini', 'json'])],
  };
  const files = formats[kind].map((format) => drawInventory(random, format));
  const paths = files.map((one, index) => write(one, `${name} ${index}`));
  const texts = files.flat().map(([path, text]) => `${path}:\n${text}`);
  return { sources: paths.map((path, index) => (index === 2 ? dirname(path) : path)), texts: texts.join('\n') };
}

async function askAnsible(sources: readonly (readonly string[])[]): Promise<Answer[]> {
  return JSON.parse(await runOrThrow([PYTHON, ORACLE], { env, input: JSON.stringify(sources) }));
}

function write(files: GeneratedFiles, name: string): string {
  for (const [path, text] of files) {
    const file = join(folder, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  return join(folder, name, files[0]?.[0] ?? '');
}

const load = (sources: readonly string[]): Promise<Inventory> =>
  loadInventories(sources, { cwd: folder, env, signal: new AbortController().signal, warn: () => undefined });

async function answerAsAnsible(sources: readonly string[]): Promise<Answer> {
  const { hosts, groups } = await load(sources);
  return {
    hosts: [...hosts.keys()],
    groups: Object.fromEntries([...groups].map(([name, { members }]) => [name, members])),
    reach: [...hosts.values()].map(({ target, problems }) => ({
      host: target.destination,
      port: target.port ?? null,
      user: target.user ?? null,
      key: target.identityFiles?.[0] ?? null,
      ...(problems === undefined ? {} : { problems }),
    })),
  };
}

test.each(KINDS)('random inventories, %s, come out as in Ansible', async (kind) => {
  for (const { sources, texts, theirs } of drawn[kind]) expect(await answerAsAnsible(sources), texts).toEqual(theirs);
});

test('what ansible-inventory --list prints is an inventory that comes to the same', async () => {
  const files = drawInventory(createSeededRandom('ansible listing'), 'yaml');
  const source = write(files, 'listed');
  const listing = await runOrThrow(['ansible-inventory', '-i', source, '--list'], { env });
  const listed = write([['list.json', listing]], 'listing');
  const [ours, again] = [await answerAsAnsible([source]), await answerAsAnsible([listed])];
  const sort = ({ hosts, reach }: Answer) => hosts.map((host, index) => [host, reach[index]]).sort();
  expect(ours.hosts.length).toBeGreaterThan(5);
  expect(sort(again)).toEqual(sort(ours));
});
