import { expect, test } from 'vitest';
import { buildConfig } from './build-config.js';
import type { Config } from './config.js';
import { parseConfigFile } from './parse-config-file.js';
import { resolveAppDefinition } from './resolve-app.js';

function buildFrom(text: string): Config {
  const file = parseConfigFile(
    text,
    { path: '/srv/project/outlast.yaml', name: 'outlast.yaml', isUserFile: false },
    {},
  );
  expect(file.problems).toEqual([]);
  return buildConfig([file]);
}

test('fills in the defaults', () => {
  expect(resolveAppDefinition(buildFrom('apps: { a: {} }'), 'a')).toStrictEqual({
    name: 'a',
    hosts: [],
    env: Object.create(null),
    secrets: [],
    folder: '/srv/project',
    stop: { signal: 'TERM', graceMs: 10_000 },
    restart: { policy: 'no', max: 10, backoffSeconds: [1, 60] },
    log: { split: false },
    hup: 'ignore',
    launcher: 'setsid',
    runtime: { python: null, node: null, loginShell: false },
  });
});

test('takes what is configured', () => {
  const config = buildFrom(`
hosts: { web1: , "db[1-2]": }
apps:
  a:
    hosts: [web1, "db[1-2]"]
    run: [python3, app.py]
    cwd: /srv/a
    env: { A: "1", constructor: b }
    env_file: secrets/.env
    secrets: [TOKEN]
    stop: { signal: sigint, grace: 500ms }
    restart: { policy: always, max: 0, backoff: 2s..1m }
    log: { max_size: 10MB, keep: 0, split: true }
    hup: default
    launcher: systemd
    login_shell: true
`);
  expect(resolveAppDefinition(config, 'a')).toEqual({
    name: 'a',
    hosts: ['web1', 'db1', 'db2'],
    argv: ['python3', 'app.py'],
    cwd: '/srv/a',
    env: { A: '1', constructor: 'b' },
    envFilePath: '/srv/project/secrets/.env',
    secrets: [{ name: 'TOKEN', variable: true }],
    folder: '/srv/project',
    stop: { signal: 'INT', graceMs: 500 },
    restart: { policy: 'always', max: 0, backoffSeconds: [2, 60] },
    log: { maxSizeBytes: 10_000_000, keep: 0, split: true },
    hup: 'default',
    launcher: 'systemd',
    runtime: expect.objectContaining({ loginShell: true }),
  });
});

test('an absolute env_file stays where it is', () => {
  expect(resolveAppDefinition(buildFrom('apps: { a: { env_file: /etc/a.env } }'), 'a').envFilePath).toBe('/etc/a.env');
});

test('a fixed port is given as PORT and in place of {port}', () => {
  const config = buildFrom(`
apps:
  line: { run: "serve {port} {port}", port: 80 }
  list: { run: [serve, "--port={port}"], port: 80, env: { PORT: "81" } }
  auto: { run: "serve {port}", port: auto }
  none: { run: "echo \${port}" }
`);
  expect(resolveAppDefinition(config, 'line')).toMatchObject({
    shellLine: 'serve 80 80',
    env: { PORT: '80' },
    port: 80,
  });
  expect(resolveAppDefinition(config, 'list')).toMatchObject({ argv: ['serve', '--port=80'], env: { PORT: '81' } });
  expect(resolveAppDefinition(config, 'auto')).toMatchObject({ shellLine: 'serve {port}', env: {}, port: 'auto' });
  expect(resolveAppDefinition(config, 'none')).toMatchObject({ shellLine: `echo \${port}`, env: {} });
});

test('env has no prototype', () => {
  const { env } = resolveAppDefinition(buildFrom('apps: { a: { env: { A: b } } }'), 'a');
  expect(Object.getPrototypeOf(env)).toBeNull();
});

test('an unknown app is refused with a suggestion', () => {
  const config = buildFrom('apps: { dashboard: {}, worker: {} }');
  expect(() => resolveAppDefinition(config, 'dashbord')).toThrow(
    expect.objectContaining({
      code: 'E_USAGE',
      message: 'the configuration has no app "dashbord"; did you mean "dashboard"?',
      details: { hint: 'the configuration has: dashboard, worker' },
    }),
  );
  expect(() => resolveAppDefinition(config, 'constructor')).toThrow('no app "constructor"');
  expect(() => resolveAppDefinition(buildFrom(''), 'a')).toThrow('no app "a"');
});
