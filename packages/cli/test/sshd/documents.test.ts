import { formatKnownHostName, type ProgramResult } from '@outlast/test-fixtures';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDocument, readOutcome } from '../document-schema.js';
import { addLaptop, appOf, ask, codesOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
const BOTH = ['-H', 'web2,web1'];

// Each verb in an order in which it has something to do; `ask` refuses any other shape than the documented one.
const RUNS: readonly (readonly [verb: string, args: readonly string[], exitCode: number])[] = [
  ['start', ['app', ...BOTH, '--settle', '200ms', ...shell('echo hello; exec sleep 600')], 0],
  ['status', [...BOTH], 0],
  ['logs', ['app', ...BOTH], 0],
  ['inspect', ['app', ...BOTH], 0],
  ['find', ['sleep 600', ...BOTH], 0],
  ['signal', ['CONT', 'app', ...BOTH], 0],
  ['restart', ['app', ...BOTH, '--settle', '200ms'], 0],
  ['kill', ['app', ...BOTH], 0],
  ['wait', ['app', ...BOTH], 1],
  ['stop', ['app', ...BOTH], 0],
  ['rm', ['app', ...BOTH], 0],
  ['prune', ['--older-than', '90d', ...BOTH], 0],
  ['exec', [...BOTH, '--', 'echo', 'hello'], 0],
  ['doctor', [...BOTH], 0],
  ['hosts', [...BOTH], 0],
];

describe('--json', () => {
  test.each(RUNS)('%s prints one document of the documented shape', async (verb, args, exitCode) => {
    const told = await lab.ask([verb, ...args]);
    expect(told.exitCode, told.stderr).toBe(exitCode);
    expect(told.document.verb).toBe(verb);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web2', 'web1']);
    expect(told.document.outcomes.map(({ ok }) => ok)).toEqual([true, true]);
    expect(told.stdout.endsWith('}\n')).toBe(true);
  });

  test.each(RUNS)('%s keeps to it where a host fails', async (verb, args) => {
    if (verb === 'hosts') return;
    const [first] = lab.host('web2').hostKeys;
    const laptop = await addLaptop([lab.host('web1'), lab.host('web2')]);
    await laptop.run([
      'sed',
      '-i',
      `s|^${formatKnownHostName(lab.host('web2')).replace(/[[\]]/g, '\\$&')} .*||`,
      laptop.knownHosts,
    ]);
    expect(first).toBeDefined();
    const told = await ask(laptop, [verb, ...args]);
    expect(told.document.ok).toBe(false);
    expect(told.exitCode).not.toBe(0);
    expect(codesOf(told)[0]).toBe('E_HOST_KEY_UNKNOWN');
    expect(told.document.outcomes[1]?.error).toBeUndefined();
  });

  test('of an unknown app has nulls in the place of what nobody knows', async () => {
    const app = appOf(await lab.ask(['status', 'nobody', '-H', 'web1']));
    expect(app).toMatchObject({ app: 'nobody', state: 'unknown', pid: null, argv: null, logPath: null, restarts: 0 });
  });

  test('of an empty host without a name has no apps, and is exit 0', async () => {
    const empty = await lab.ask(['status', ...BOTH]);
    for (const name of empty.document.outcomes.flatMap(({ apps = [] }) => apps.map(({ app }) => app)))
      await lab.ask(['stop', name, ...BOTH]).then(() => lab.ask(['rm', name, ...BOTH]));
    const told = await lab.ask(['status', ...BOTH]);
    expect(told.document.outcomes).toEqual([
      { host: 'web2', ok: true, apps: [] },
      { host: 'web1', ok: true, apps: [] },
    ]);
    expect(told.exitCode).toBe(0);
  });

  test('escapes whatever a terminal could act on', async () => {
    const nasty = '\u001b]0;owned\u0007\u009b31m\u202e\u007f\u2066';
    const told = await lab.ask(['exec', '-H', 'web1', '--', 'printf', '%s', nasty]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(told.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    expect(told.document.outcomes[0]?.stdout).toBe(nasty);
  });

  test('names a host that is given twice once, as it was first written', async () => {
    const told = await lab.ask(['status', '-H', 'web1,web2,web1', '-H', 'web1']);
    expect(told.document.outcomes.map(({ host }) => host)).toEqual(['web1', 'web2']);
  });
});

describe('--ndjson', () => {
  const readEvents = ({ stdout }: ProgramResult) =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));

  beforeAll(async () => {
    const line = 'echo one; echo two; exec sleep 600';
    await lab.run(['start', 'talker', ...BOTH, '--settle', '200ms', ...shell(line)]);
  });

  test.each([
    ['status', ['talker']],
    ['logs', ['talker']],
    ['signal', ['CONT', 'talker']],
    ['inspect', ['talker']],
    ['find', ['sleep 600', '--app', 'talker']],
    ['prune', ['--older-than', '90d']],
    ['hosts', []],
    ['doctor', []],
  ])('%s prints exactly one outcome for each host, a line each', async (verb, words) => {
    const result = await lab.run([verb, '--ndjson', ...words, ...BOTH]);
    expect(result.exitCode).toBe(0);
    // What doctor finds on the laptop is about no host.
    const events = readEvents(result).filter(({ laptop }) => laptop === undefined);
    const outcomes = events.map((event) => readOutcome(verb, event));
    expect(outcomes.map(({ host }) => host).sort()).toEqual(['web1', 'web2']);
  });

  test('prints the outcome of a host as soon as it is known', async () => {
    const release = ': >"$XDG_STATE_HOME/release"';
    const line =
      'test -e "$XDG_STATE_HOME/quick" || until [ -e "$XDG_STATE_HOME/release" ]; do sleep 0.05; done; echo done';
    await lab.host('web1').run(': >"$XDG_STATE_HOME/quick"');
    const client = lab.laptop.spawnOutlast(['exec', '--ndjson', ...BOTH, ...shell(line)]);
    const first = await new Promise<string>((resolve) => client.stdout?.once('data', (data) => resolve(String(data))));
    expect(readOutcome('exec', JSON.parse(first))).toMatchObject({ host: 'web1', ok: true, stdout: 'done\n' });
    const rest = new Promise<string>((resolve) => client.stdout?.once('data', (data) => resolve(String(data))));
    await lab.host('web2').run(release);
    expect(readOutcome('exec', JSON.parse(await rest))).toMatchObject({ host: 'web2', ok: true });
  });
});

test.each(['--json', '--ndjson'])('what cannot be understood is a document with %s, too', async (flag) => {
  const result = await lab.run(['status', flag, '-H', 'a b']);
  expect(readDocument('status', result.stdout)).toMatchObject({ ok: false, outcomes: [], error: { code: 'E_USAGE' } });
  expect(result.exitCode).toBe(2);
  if (flag === '--ndjson') expect(result.stdout.trimEnd()).not.toContain('\n');
});

test('--json and --ndjson exclude each other', async () => {
  const result = await lab.run(['status', '--json', '--ndjson', '-H', 'web1']);
  expect(readDocument('status', result.stdout).error?.code).toBe('E_USAGE');
  expect(result.exitCode).toBe(2);
});

test.each(['--format', '--sort'])('%s and a document exclude each other', async (flag) => {
  for (const document of ['--json', '--ndjson']) {
    const result = await lab.run(['status', document, flag, flag === '--sort' ? 'host' : '{host}', '-H', 'web1']);
    expect(readDocument('status', result.stdout).error?.code).toBe('E_USAGE');
    expect(result.exitCode).toBe(2);
  }
});

describe('--format', () => {
  beforeAll(async () => {
    await lab.run(['start', 'rows', ...BOTH, '--settle', '200ms', ...shell('exec sleep 600')]);
  });

  test.each([
    [
      'signal',
      ['CONT', 'rows'],
      '{host} {app} {state} {changed} {error.code}',
      /^web2 rows running true -\nweb1 rows running true -\n$/,
    ],
    ['find', ['--app', 'rows'], '{host} {app} {argv}', /^web2 rows sleep,600\nweb1 rows sleep,600\n$/],
    ['doctor', ['--sort', 'check,host'], '{host} {check}', /^(?:(?:web2|web1|-) [a-z-]+\n)+$/],
    ['exec', ['--sort', 'host', '--', 'echo', 'a b'], '{host} {exitCode} {stdout}', /^web1 0 a b\\n\nweb2 0 a b\\n\n$/],
  ])('of %s is a line for each row', async (verb, words, template, expected) => {
    const { stdout, stderr, exitCode } = await lab.run([verb, '--format', template, ...BOTH, ...words]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(expected);
  });
});
