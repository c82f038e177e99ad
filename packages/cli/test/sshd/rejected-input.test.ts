import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ProgramResult } from '@outlast/test-fixtures';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDocument } from '../document-schema.js';
import { useLab } from '../program-lab.js';

const lab = useLab(['web1']);

// Every host of these tests leads here: one connection, and "nothing was sent" is not true.
let connections = 0;
let port = 0;
const listener = createServer((socket) => {
  connections += 1;
  socket.destroy();
});

beforeAll(async () => {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(() => listener.close());

const TARGET = () => `root@127.0.0.1:${port}`;
const START = ['--', 'sleep', '1'];

/** What must be true of every refusal, whatever was refused. */
async function expectRefused(args: readonly string[], options: { cwd?: string } = {}): Promise<ProgramResult> {
  const before = connections;
  const [verb = '', ...rest] = args;
  const result = await lab.run([verb, '--json', ...rest], options);
  expect(result.exitCode, `${result.stdout}${result.stderr}`).toBe(2);
  expect(connections).toBe(before);
  expect(result.stderr).toMatch(/^error: /);
  expect(result.stderr).not.toMatch(/^ +at /m);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(result.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  const document = readDocument(verb, result.stdout);
  expect(document).toMatchObject({
    ok: false,
    outcomes: [],
    error: { code: expect.stringMatching(/^E_(USAGE|CONFIG)$/) },
  });
  return result;
}

test('the listener would see a connection', async () => {
  const before = connections;
  await lab.run(['status', '-H', TARGET(), '--connect-timeout', '1s']);
  expect(connections).toBeGreaterThan(before);
});

test.each([
  ['empty', ''],
  ['.', '.'],
  ['..', '..'],
  ['a/b', 'a/b'],
  ['a blank', 'a b'],
  ['a newline', 'a\nb'],
  ['$(id)', '$(id)'],
  ['backticks', '`id`'],
  [';', 'a;b'],
  ['right-to-left', 'a\u202eb'],
  ['look-alike letters', 'dаshboard'],
  ['upper case', 'Dashboard'],
  ['two dots inside', 'a..b'],
  ['64 characters', 'a'.repeat(64)],
  ['300 characters', 'a'.repeat(300)],
  ['__proto__', '__proto__'],
  ['escape sequences', 'a\u001b[31m'],
])('an app name is refused: %s', async (_what, name) => {
  await expectRefused(['start', name, '-H', TARGET(), ...START]);
});

test.each([
  ['--timeout', '5'],
  ['--serial', '-1'],
  ['--shard', '3/2'],
  ['--format', '{nothing}'],
])('%s is named where its value is refused', async (flag, value) => {
  const { stderr } = await lab.run(['status', '-H', TARGET(), '-P', '1', flag, value]);
  expect(stderr).toMatch(new RegExp(`^error: ${flag}: `));
});

test('an app name that begins with a dash is refused as a flag that is not there', async () => {
  await expectRefused(['status', '-rf', '-H', TARGET()]);
});

test.each([
  ['status', []],
  ['stop', []],
  ['restart', []],
  ['logs', []],
  ['wait', []],
  ['inspect', []],
  ['rm', []],
  ['kill', []],
  ['signal', ['TERM']],
])('a bad app name is refused by %s, too', async (verb, words) => {
  await expectRefused([verb, ...words, 'a/b', '-H', TARGET()]);
});

const canary = () => join(lab.laptop.home, 'canary');

test.each([
  ['a leading dash', () => '-oProxyCommand=touch canary'],
  ['a leading dash behind the user', () => `root@-oProxyCommand=touch\${IFS}${canary()}`],
  ['a user with a leading dash', () => '-lroot@web1'],
  ['$(…)', () => `$(touch ${canary()})`],
  ['a user with $(…)', () => `$(touch ${canary()})@web1`],
  ['a semicolon', () => `web1;touch ${canary()}`],
  ['a line feed', () => 'web1\nweb2'],
  ['CR LF', () => 'web1\r\nHost: x'],
  ['a percent sign', () => 'web%h'],
  ['a control character', () => 'web\u0007'],
  ['a C1 control', () => 'web\u009b31m'],
  ['a blank', () => 'web 1'],
  ['a backtick', () => '`id`'],
  ['nothing', () => ''],
  ['a reversed range', () => 'web[3-1]'],
  ['an empty range', () => 'web[]'],
  ['an exploding range', () => 'web[1-1000000]-[1-1000000]'],
  ['an open range', () => 'web[1-3'],
])('a host is refused: %s', async (_what, build) => {
  // In one word with the flag, so that a leading dash reaches the host and not the reader of flags.
  await expectRefused(['status', `--host=${build()}`]);
  expect(await readdir(lab.laptop.home)).not.toContain('canary');
});

test.each([['-oProxyCommand=touch canary'], ['$(touch canary)'], ['web1;id'], ['web1\nweb2'], ['web%r']])(
  'a jump host is refused: %s',
  async (jump) => {
    await expectRefused(['status', '-H', TARGET(), `--jump=${jump}`]);
    expect(await readdir(lab.laptop.home)).not.toContain('canary');
  },
);

test.each([['-oProxyCommand=x'], ['$(id)'], ['a;b'], ['a\nb'], ['a%h'], ['']])(
  'a login user is refused: %s',
  async (user) => {
    await expectRefused(['status', '-H', '127.0.0.1', `--login=${user}`]);
  },
);

test.each([['0'], ['65536'], ['22abc'], ['0x16'], ['1e2'], [' 22'], ['٢٢'], ['-1'], ['+22'], ['']])(
  'a port is refused: "%s"',
  async (text) => {
    await expectRefused(['status', `--host=root@127.0.0.1:${text}`]);
  },
);

test.each([['-1s'], ['5'], ['NaN'], ['1e9d'], ['8d'], ['10 s'], [''], ['0.0001ms'], ['٥s'], ['Infinitys']])(
  'a duration is refused: "%s"',
  async (text) => {
    await expectRefused(['start', 'app', '-H', TARGET(), `--settle=${text}`, ...START]);
    await expectRefused(['stop', 'app', '-H', TARGET(), `--grace=${text}`]);
  },
);

test.each([['-1MB'], ['50'], ['NaN'], ['1e3MB'], ['0MB'], ['9999999TB']])(
  'a size in the configuration is refused: %s',
  async (text) => {
    const cwd = await writeConfig(`apps:\n  app:\n    run: sleep 1\n    log: { max_size: ${JSON.stringify(text)} }\n`);
    const { stderr } = await expectRefused(['start', 'app', '-H', TARGET()], { cwd });
    expect(stderr).toMatch(/outlast\.yaml:4:\d+/);
  },
);

test.each([['1A=x'], ['A-B=x'], ['A\nB=x'], ['__proto__=x'], ['=x'], ['A'], ['A B=x'], ['Ä=x']])(
  'an environment variable is refused: %j',
  async (assignment) => {
    await expectRefused(['start', 'app', '-H', TARGET(), `--env=${assignment}`, ...START]);
  },
);

test.each([['a\nb'], ['']])('a folder is refused: %j', async (folder) => {
  await expectRefused(['start', 'app', '-H', TARGET(), `--cwd=${folder}`, ...START]);
});

describe('a configuration is refused', () => {
  const laughs = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...['b', 'c', 'd', 'e', 'f', 'g'].map((name, index) => {
      const before = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [${Array(10 + index * 0)
        .fill(`*${before}`)
        .join(', ')}]`;
    }),
  ].join('\n');

  test.each([
    ['an alias bomb', `${laughs}\nhosts: {}\n`],
    ['a key twice', 'hosts:\n  web1: 127.0.0.1\n  web1: 127.0.0.2\n'],
    ['an unknown key', 'hosts:\n  web1: { adress: 127.0.0.1 }\n'],
    ['__proto__ as an app', 'apps:\n  __proto__: { run: id }\n'],
    ['__proto__ as a variable', 'apps:\n  app: { run: id, env: { __proto__: x } }\n'],
    ['a custom tag', 'hosts: !!js/function "x"\n'],
    ['a deep file', `hosts: ${'['.repeat(2_000)}${']'.repeat(2_000)}\n`],
    ['a huge file', `# ${'x'.repeat(20_000_000)}\n`],
    ['a host with an option', 'hosts:\n  web1: "-oProxyCommand=id"\n'],
    ['a port that is none', 'hosts:\n  web1: { address: 127.0.0.1, port: 65536 }\n'],
    ['a tab', 'hosts:\n\tweb1: 127.0.0.1\n'],
    ['NUL in a program', 'apps:\n  app: { run: ["echo", "a\\0b"] }\n'],
  ])('%s', async (_what, text) => {
    const cwd = await writeConfig(text);
    const begin = performance.now();
    await expectRefused(['status', '-H', TARGET()], { cwd });
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(({} as Record<string, unknown>).run).toBeUndefined();
  });

  test('with line, column and what was probably meant', async () => {
    const cwd = await writeConfig('hosts:\n  web1: 127.0.0.1\napps:\n  dashboard:\n    hots: [web1]\n    run: id\n');
    const { stderr } = await expectRefused(['start', 'dashboard'], { cwd });
    expect(stderr).toMatch(/outlast\.yaml:5:5: .*hots.*hosts/s);
  });

  test('when it names a group that is not there', async () => {
    const cwd = await writeConfig('hosts:\n  web1: 127.0.0.1\ngroups:\n  web: [web1]\n');
    const { stderr } = await expectRefused(['status', '-g', 'wbe'], { cwd });
    expect(stderr).toMatch(/wbe.*web/s);
  });
});

describe('a typo is refused with what was probably meant', () => {
  test.each([
    ['a verb', ['statsu', '-H', 'web1'], /status/],
    ['a flag', ['status', '--jsno', '-H', 'web1'], /--json/],
    ['a signal', ['signal', 'TREM', 'app', '-H', 'web1'], /TERM/],
    ['a policy', ['start', 'app', '-H', 'web1', '--restart', 'allways', ...START], /always/],
  ])('%s', async (_what, args, meant) => {
    const result = await lab.run(args);
    expect(result.exitCode).toBe(2);
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(meant);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  test.each([
    ['no host', ['status']],
    ['no app', ['stop', '-H', 'web1']],
    ['no program', ['start', 'app', '-H', 'web1']],
    ['nothing behind --', ['exec', '-H', 'web1', '--']],
    ['an empty program', ['exec', '-H', 'web1', '--', '']],
    ['argv and a shell line', ['start', 'app', '-H', 'web1', '--shell', 'id', '--', 'id']],
    ['a document without an end', ['logs', 'app', '-H', 'web1', '-f', '--json']],
    ['a broken pattern', ['find', '[', '-H', 'web1']],
    ['a signal number beyond all', ['signal', '99', 'app', '-H', 'web1']],
    ['0 hosts at a time', ['status', '-H', 'web1', '-P', '0']],
    ['a budget that is none', ['status', '-H', 'web1', '--max-fail', '101%']],
  ])('%s', async (_what, args) => {
    const result = await lab.run(args);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/^error: .*\n +→ /);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  test('with its stack when that is asked for', async () => {
    const { stderr } = await lab.run(['status', '--verbose', '-H', 'web[']);
    expect(stderr).toMatch(/^ +at /m);
    const debugged = await lab.run(['status', '-H', 'web['], { env: { OUTLAST_DEBUG: '1' } });
    expect(debugged.stderr).toMatch(/^ +at /m);
  });
});

test('an environment file that is none is refused by its line, without what stands there', async () => {
  const path = join(lab.laptop.home, 'broken.env');
  await writeFile(path, 'GOOD=1\nhunter2 is my secret\n');
  const { stderr, stdout } = await expectRefused(['start', 'app', '-H', TARGET(), '--env-file', path, ...START]);
  expect(stderr).toMatch(/broken\.env:2/);
  expect(stderr + stdout).not.toMatch(/hunter2/);
});

let folders = 0;

async function writeConfig(text: string): Promise<string> {
  folders += 1;
  const folder = join(lab.laptop.home, `project-${folders}`);
  await mkdir(folder);
  await writeFile(join(folder, 'outlast.yaml'), text);
  return folder;
}
