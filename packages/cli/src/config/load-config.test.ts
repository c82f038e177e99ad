import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OutlastError } from '@outlast/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMPTY_CONFIG } from './config.js';
import { loadConfig } from './load-config.js';

let folder: string;
let userFolder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outlast-config-'));
  userFolder = join(folder, 'user');
  await mkdir(userFolder);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function load(text: string, userText?: string) {
  await writeFile(join(folder, 'outlast.yaml'), text);
  if (userText !== undefined) await writeFile(join(userFolder, 'config.yaml'), userText);
  return loadConfig({ env: {}, cwd: folder, userFolder });
}

async function listProblems(text: string, userText?: string): Promise<string[]> {
  const error = await load(text, userText).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutlastError)) throw new Error('the configuration was accepted', { cause: error });
  expect(error.code).toBe('E_CONFIG');
  return error.message.split('\n');
}

const EXAMPLE = `
hosts:
  web1: deploy@192.0.2.11
  web2: { address: 192.0.2.12, user: deploy, port: 2222, tags: [eu] }
groups:
  web: [web1, web2]
apps:
  dashboard:
    hosts: [web]
    source: .
    setup: |
      python3 -m venv .venv
      .venv/bin/pip install -r requirements.txt
    run: .venv/bin/streamlit run app.py --server.port 8501     # a string is a shell line, a list is argv
    env: { STREAMLIT_SERVER_HEADLESS: "true" }
    env_file: .env
    port: 8501
    health: { http: /_stcore/health, within: 60s }
    stop: { signal: TERM, grace: 10s }
    restart: { policy: on-failure, max: 5, backoff: 1s..60s }
    log: { max_size: 50MB, keep: 3 }
    hup: ignore
    keep_releases: 5
`;

describe('finding', () => {
  test('without any file the configuration is empty', async () => {
    expect(await loadConfig({ env: {}, cwd: folder, userFolder })).toEqual(EMPTY_CONFIG);
  });

  test('looks upwards from the current folder, past what is no file', async () => {
    const deep = join(folder, 'a', 'b');
    await mkdir(join(deep, 'outlast.yaml'), { recursive: true });
    await writeFile(join(folder, 'outlast.yaml'), 'hosts: { web1: }');
    const config = await loadConfig({ env: {}, cwd: deep, userFolder });
    expect([...config.hosts.keys()]).toEqual(['web1']);
    expect(config.files).toEqual([join(folder, 'outlast.yaml')]);
  });

  test('takes the nearest file', async () => {
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'outlast.yaml'), 'hosts: { near: }');
    await load('hosts: { far: }');
    const config = await loadConfig({ env: {}, cwd: join(folder, 'a'), userFolder });
    expect([...config.hosts.keys()]).toEqual(['near']);
    expect(config.files).toEqual(['outlast.yaml']);
  });

  test('a named file takes the place of the search', async () => {
    await writeFile(join(folder, 'other.yaml'), 'hosts: { named: }');
    await load('hosts: { found: }');
    const config = await loadConfig({ env: {}, cwd: folder, userFolder, configFile: 'other.yaml' });
    expect([...config.hosts.keys()]).toEqual(['named']);
  });

  test('a named file that is missing, a folder, or too large is refused', async () => {
    const open = (configFile: string) => loadConfig({ env: {}, cwd: folder, userFolder, configFile });
    await expect(open('no\x1b.yaml')).rejects.toThrow('cannot read no\\x1b.yaml: there is no such file');
    await expect(open('user')).rejects.toThrow('cannot read user: it is a folder');
    await writeFile(join(folder, 'large.yaml'), `# ${'x'.repeat(1_048_576)}`);
    await expect(open('large.yaml')).rejects.toThrow('cannot read large.yaml: it is larger than 1 MiB');
    await writeFile(join(folder, 'latin1.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe4]));
    await expect(open('latin1.yaml')).rejects.toThrow('cannot read latin1.yaml: it is not UTF-8');
    await symlink('/dev/zero', join(folder, 'endless.yaml'));
    await expect(open('endless.yaml')).rejects.toThrow(
      expect.objectContaining({ code: 'E_CONFIG', message: 'cannot read endless.yaml: it is larger than 1 MiB' }),
    );
  });
});

describe('reading', () => {
  test('the documented example', async () => {
    const { hosts, groups, apps } = await load(EXAMPLE);
    expect(hosts.get('web1')).toEqual({
      target: { name: 'web1', destination: '192.0.2.11', user: 'deploy' },
      tags: [],
      env: {},
      place: { file: 'outlast.yaml', line: 3, column: 3 },
    });
    expect(hosts.get('web2')).toMatchObject({
      target: { name: 'web2', destination: '192.0.2.12', user: 'deploy', port: 2222 },
      tags: ['eu'],
    });
    expect(groups.get('web')).toEqual({
      members: ['web1', 'web2'],
      place: { file: 'outlast.yaml', line: 6, column: 3 },
    });
    expect(apps.get('dashboard')).toMatchObject({
      hosts: ['web'],
      folder,
      settings: {
        stop: { signal: 'TERM', grace: 10_000 },
        restart: { policy: 'on-failure', max: 5, backoff: { minMs: 1_000, maxMs: 60_000 } },
        log: { max_size: 50_000_000, keep: 3 },
        health: { http: '/_stcore/health', within: 60_000 },
        keep_releases: 5,
      },
    });
  });

  test('every key that there is', async () => {
    const { apps } = await load(`
hosts: { web1: { env: { REGION: eu } } }
apps:
  all:
    run: [python3, -m, http.server, "{port}"]
    cwd: /srv/a b
    secrets: [TOKEN]
    port: auto
    health: { http: /, status: 200-299, body: "ok|fine", interval: 500ms, successes: 2, steady: 0s }
    restart: { policy: unless-stopped }
    log: { split: true }
    hup: default
    shared_paths: [data, a/b]
    python: conda:my-env
    node: nvm
    login_shell: true
  tcp: { port: 80, health: { tcp: true } }
  exec: { health: { exec: test -e ready } }
  log: { health: { log: "listening on [0-9]+" } }
  code: { port: 80, health: { http: /, status: 204, log: ready } }
`);
    expect([...apps.keys()]).toEqual(['all', 'tcp', 'exec', 'log', 'code']);
    expect(apps.get('all')?.settings.health?.status).toEqual({ first: 200, last: 299 });
    expect(apps.get('code')?.settings.health?.status).toEqual({ first: 204, last: 204 });
  });

  test('keeps the order of the file, ranges expanded, sections that are empty', async () => {
    const { hosts, groups } = await load(
      'hosts:\n  web[09-11]: { user: deploy }\n  10:\n  2:\n  bücher.example:\ngroups:\n',
    );
    expect([...hosts.keys()]).toEqual(['web09', 'web10', 'web11', '10', '2', 'bücher.example']);
    expect(hosts.get('web10')?.target).toEqual({ name: 'web10', destination: 'web10', user: 'deploy' });
    expect(hosts.get('bücher.example')?.target.destination).toBe('xn--bcher-kva.example');
    expect(groups.size).toBe(0);
  });

  test('names of JavaScript are names like others, and nothing reaches a prototype', async () => {
    const { hosts, apps } = await load(
      'hosts: { constructor: root@x, toString: }\napps: { constructor: { env: { constructor: a } } }',
    );
    expect([...hosts.keys()]).toEqual(['constructor', 'toString']);
    expect(apps.get('constructor')?.settings.env).toEqual({ constructor: 'a' });
    expect(Object.getPrototypeOf(hosts.get('toString')?.env)).toBeNull();
    expect(Object.hasOwn(Object.prototype, 'env')).toBe(false);
  });

  test("the project wins over the user's hosts and groups", async () => {
    const config = await load(
      'hosts: { a: root@project, both: }\ngroups: { g: [a, mine, theirs] }\napps: { x: { hosts: [mine] } }',
      'hosts: { a: root@user, mine: root@m }\ngroups: { g: [mine], theirs: [a, g], both: [mine] }',
    );
    expect(config.hosts.get('a')?.target.destination).toBe('project');
    expect([...config.hosts.keys()]).toEqual(['a', 'both', 'mine']);
    expect(config.groups.get('g')?.members).toEqual(['a', 'mine', 'theirs']);
    expect([...config.groups.keys()]).toEqual(['g', 'theirs']);
    expect(config.files).toEqual(['outlast.yaml', join('user', 'config.yaml')]);
  });

  test('ten thousand hosts are read within seconds', async () => {
    const lines = Array.from(
      { length: 10_000 },
      (_, index) => `  h${index}: { address: 192.0.2.1, port: ${index + 1} }`,
    );
    const members = lines.map((_, index) => `h${index}`).join(', ');
    const { hosts } = await load(`hosts:\n${lines.join('\n')}\ngroups:\n  all: [${members}]\n`);
    expect(hosts.size).toBe(10_000);
  });
});

describe('refusing', () => {
  test('reports all problems at once, in order, each with file, line, column, key and suggestion', async () => {
    const problems = await listProblems(
      `hosts:
  web1: deploy@192.0.2.11
  web2: { adress: x, port: 0 }
  web3: -oProxyCommand=x
  web4: 22
grps: {}
groups:
  web: [web1, web22]
apps:
  dashboard:
    hosts: [web, "tag:eu"]
    env: { PORT: 8501, A-B: x }
    stop: { signal: TREM, grace: 1e9d }
    restart: { policy: sometimes, backoff: 500ms..1s }
    port: 70000
`,
      'hosts: { bad name: }\napps: { x: {} }\n',
    );
    const user = join('user', 'config.yaml');
    expect(problems).toEqual([
      'outlast.yaml:3:11: unknown key `adress`; did you mean `address`?',
      'outlast.yaml:3:22: `hosts.web2.port` must be at least 1',
      expect.stringMatching(/^outlast\.yaml:4:3: `hosts\.web3`: "-oProxyCommand=x" is not a host: .*begin with "-"/),
      'outlast.yaml:5:3: `hosts.web4` must be user@address:port or a mapping',
      'outlast.yaml:6:1: unknown key `grps`; did you mean `groups`?',
      'outlast.yaml:8:15: there is no host or group "web22"; did you mean "web2"?',
      'outlast.yaml:11:18: there is no host or group "tag:eu"; add it under `hosts:`',
      'outlast.yaml:12:12: `apps.dashboard.env.PORT` must be a string: put it in quotes',
      expect.stringMatching(/^outlast\.yaml:12:24: "A-B" is not a name for an environment variable/),
      'outlast.yaml:13:13: `apps.dashboard.stop.signal`: "TREM" is not a signal; did you mean "TERM"?',
      expect.stringMatching(/^outlast\.yaml:13:27: `apps\.dashboard\.stop\.grace`: "1e9d" is not a duration/),
      'outlast.yaml:14:16: `apps.dashboard.restart.policy` must be no, on-failure, always or unless-stopped',
      'outlast.yaml:14:35: `apps.dashboard.restart.backoff` must be in whole seconds',
      'outlast.yaml:15:5: `apps.dashboard.port` must be at most 65535',
      expect.stringMatching(new RegExp(`^${user}:1:10: "bad name" is not a host`)),
      `${user}:2:1: apps go into a project's outlast.yaml, not into the user's configuration`,
    ]);
  });

  test.each([
    ['an app name', 'apps: { Dash: {} }', '"Dash" is not a name for an app'],
    ['an app name with ..', 'apps: { a..b: {} }', '"a..b" is not a name for an app'],
    ['an app name with control characters', 'apps: { "a\\e": {} }', '"a\\x1b" is not a name for an app'],
    ['an empty app name', 'apps: { "": {} }', '"" is not a name for an app'],
    ['__proto__ as app', 'apps: { __proto__: {} }', 'the key `__proto__` is not allowed'],
    ['__proto__ as variable', 'apps: { a: { env: { __proto__: x } } }', 'the key `__proto__` is not allowed'],
    ['__proto__ as secret', 'apps: { a: { secrets: [__proto__] } }', '"__proto__" is not a name for an environment'],
    ['a host key with a user', 'hosts: { root@web: }', 'user and port go into its value'],
    ['a host key with a port', 'hosts: { "web:22": }', 'user and port go into its value'],
    ['a user with a sign', 'hosts: { a: { user: -l } }', '"-l" is not a user name'],
    ['a user with a percent', 'hosts: { a: { user: "%r" } }', '"%r" is not a user name'],
    ['an address with a port', 'hosts: { a: { address: "b:22" } }', '"b:22" is not a host'],
    ['a port as text', 'hosts: { a: { port: "22" } }', '`hosts.a.port` must be a whole number'],
    ['a port in hexadecimal', 'hosts: { a: { port: 0x16abc } }', '`hosts.a.port` must be at most 65535'],
    ['a fraction of a port', 'hosts: { a: { port: 22.5 } }', '`hosts.a.port` must be a whole number'],
    ['a host and a group of one name', 'hosts: { a: }\ngroups: { a: [a] }', '"a" is both a host and a group'],
    ['a group in itself', 'groups: { a: [a] }', 'the group "a" contains itself'],
    ['a repeated host', 'hosts: { "web[1-3]": , web2: }', '"web2" repeats a host'],
    ['one address for several', 'hosts: { "web[1-3]": x }', 'several hosts cannot share one address'],
    ['a reversed range', 'hosts: { "web[3-1]": }', 'the range 3-1 runs backwards'],
    [
      'a range in a group',
      'hosts: { web1: }\ngroups: { g: ["web[1-2]"] }',
      'no host or group "web2"; did you mean "web1"?',
    ],
    ['a malformed member', 'groups: { g: ["web[3-1]"] }', 'the range 3-1 runs backwards'],
    ['an exploding range', 'groups: { g: ["web[1-999999]"] }', 'more than 100000 hosts'],
    ['a tag', 'hosts: { a: { tags: ["x y"] } }', '"x y" is not a name'],
    ['a transport', 'transport: telnet', 'must be ssh2 or openssh'],
    ['the transport of a host', 'hosts: { a: { transport: ssh } }', 'must be ssh2 or openssh'],
    ['a file that is a list', '- a\n', 'the file must be a mapping'],
    ['a section that is a list', 'hosts: [a]', '`hosts` must be a mapping'],
    ['a group that is no list', 'groups: { g: a }', '`groups.g` must be a list'],
    ['an app that is a string', 'apps: { a: x }', '`apps.a` must be a mapping'],
    ['an empty run', 'apps: { a: { run: " " } }', '`apps.a.run` must not be empty'],
    ['an empty argv', 'apps: { a: { run: [] } }', '`apps.a.run` must not be empty'],
    ['a number in argv', 'apps: { a: { run: [x, 80] } }', '`apps.a.run.1` must be a string: put it in quotes'],
    ['a mapping as run', 'apps: { a: { run: {} } }', '`apps.a.run` must be a shell line or a list of arguments'],
    ['NUL in argv', 'apps: { a: { run: ["x\\0"] } }', '`apps.a.run.0`: the text holds a NUL byte'],
    ['NUL in a variable', 'apps: { a: { env: { A: "x\\0" } } }', '`apps.a.env.A`: the text holds a NUL byte'],
    ['a newline in a path', 'apps: { a: { cwd: "/a\\nb" } }', '"/a\\nb" is not a path'],
    ['NUL in a path', 'apps: { a: { source: "a\\0" } }', '"a\\x00" is not a path'],
    ['a shared path outside', 'apps: { a: { shared_paths: [../x] } }', '"../x" is not a path inside the app'],
    [
      'a shared path below another',
      'apps: { a: { shared_paths: [data/, data/inner] } }',
      'must not hold one path below another',
    ],
    ['an absolute shared path', 'apps: { a: { shared_paths: [/x] } }', '"/x" is not a path inside the app'],
    ['a port of an app', 'apps: { a: { port: 0 } }', '`apps.a.port` must be at least 1'],
    ['a word as port', 'apps: { a: { port: any } }', '`apps.a.port` must be a port from 1 to 65535 or auto'],
    ['a duration without unit', 'apps: { a: { stop: { grace: 10 } } }', 'must be a duration such as 10s'],
    ['a negative duration', 'apps: { a: { stop: { grace: -1s } } }', '"-1s" is not a duration'],
    ['NaN', 'apps: { a: { stop: { grace: .nan } } }', 'must be a duration such as 10s'],
    ['eight days', 'apps: { a: { stop: { grace: 8d } } }', 'the duration "8d" is too long'],
    ['a reversed back-off', 'apps: { a: { restart: { backoff: 9s..1s } } }', '"9s..1s" is not a range of durations'],
    ['a size without unit', 'apps: { a: { log: { max_size: 10 } } }', 'must be a size such as 10MB'],
    ['no size', 'apps: { a: { log: { max_size: 0B } } }', '`apps.a.log.max_size` must be over zero'],
    [
      'no health check',
      'apps: { a: { health: { within: 5s } } }',
      'must have one of http, tcp, exec and log, or several',
    ],
    [
      'a health check of no port',
      'apps: { a: { health: { http: / } } }',
      '`apps.a.health` must not ask for http or tcp of an app without `port:`',
    ],
    [
      'a port that nobody gives',
      'apps: { a: { run: [serve, "{port}"] } }',
      '`apps.a.run` must not have {port} in an app',
    ],
    [
      'status without http',
      'apps: { a: { health: { tcp: true, status: 200 } } }',
      'has status or body, which go with http only',
    ],
    ['a broken pattern', 'apps: { a: { health: { log: "(" } } }', '"(" is no POSIX extended regular expression'],
    ['a reversed status', 'apps: { a: { health: { http: /, status: 399-200 } } }', 'not a range of HTTP codes'],
    ['a word as status', 'apps: { a: { health: { http: /, status: [1] } } }', 'must be a code such as 200'],
    ['an http path', 'apps: { a: { health: { http: "x y" } } }', 'must be a path that begins with "/"'],
    ['another python', 'apps: { a: { python: pyenv } }', '`apps.a.python` must be venv, uv or conda:NAME'],
    ['hup', 'apps: { a: { hup: maybe } }', '`apps.a.hup` must be ignore or default'],
    ['launcher', 'apps: { a: { launcher: upstart } }', '`apps.a.launcher` must be setsid or systemd'],
    ['a word for yes', 'apps: { a: { login_shell: yes } }', '`apps.a.login_shell` must be true or false'],
    ['zero releases', 'apps: { a: { keep_releases: 0 } }', '`apps.a.keep_releases` must be at least 1'],
    ['a duplicate key', 'hosts: { a: , a: }', 'the key "a" is written twice'],
  ])('%s', async (_, text, message) => {
    const problems = await listProblems(text);
    expect(problems).toContainEqual(expect.stringContaining(message));
    expect(problems.every((problem) => /^outlast\.yaml:\d+:\d+: /.test(problem))).toBe(true);
  });

  test('a value never stands in a message about its type', async () => {
    const problems = await listProblems('apps: { a: { env: { TOKEN: 123456789 }, secrets: 987654321 } }');
    expect(problems.join()).not.toMatch(/123456789|987654321/);
  });

  test('a malformed file has its own problems only', async () => {
    expect(await listProblems('hosts: [\nweb: 1\n')).toContainEqual(expect.stringMatching(/^outlast\.yaml:\d+:\d+: /));
  });

  test('ranges that explode only together are refused at once', async () => {
    const repeat = (line: (index: number) => string) =>
      Array.from({ length: 1_000 }, (_, index) => line(index)).join('\n');
    expect(await listProblems(`hosts:\n${repeat((index) => `  "a${index}x[1-90000]":`)}`)).toContainEqual(
      expect.stringContaining('outlast.yaml:3:3: with "a1x[1-90000]" there are more than'),
    );
    const groups = repeat((index) => `  g${index}: ["a[1-90000]"]`);
    expect(await listProblems(`hosts: { "a[1-90000]": }\ngroups:\n${groups}`)).toContainEqual(
      expect.stringContaining('outlast.yaml:14:9: with "a[1-90000]" there are more than'),
    );
  });

  test('lists at most fifty problems', async () => {
    const problems = await listProblems(
      `hosts:\n${Array.from({ length: 80 }, (_, index) => `  a${index}: -x`).join('\n')}`,
    );
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toBe('… and 30 more');
  });
});
