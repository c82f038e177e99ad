import { describe, expect, test } from 'vitest';
import { checkNames } from './check-names.js';
import { parseConfigFile } from './parse-config-file.js';

const ENV = {
  ADDRESS: 'deploy@192.0.2.11:2222',
  PORT: '8501',
  YES: 'true',
  REGION: 'eu',
  YAML: 'x\nhosts: { evil: }\n# {a: b}, [c]',
  SECRET: 'hunter2 hunter2',
};

function parse(text: string, env: Record<string, string> = ENV) {
  const file = parseConfigFile(text, { path: '/p/outlast.yaml', name: 'outlast.yaml', isUserFile: false }, env);
  const problems = [...file.problems, ...checkNames([file])];
  return {
    settings: file.settings,
    problems: problems.map(({ place, message }) => `${place.line}:${place.column} ${message}`),
  };
}

function parseApp(text: string) {
  const { settings, problems } = parse(`apps:\n  a: ${text}\n`);
  expect(problems).toEqual([]);
  return settings?.apps?.a;
}

describe('a variable', () => {
  test('stands in hosts, tags, members, argv, paths and values of the environment', () => {
    const { settings, problems } = parse(`
hosts: { web1: "\${ADDRESS}", web2: { tags: ["\${REGION}"] } }
groups: { g: ["tag:\${REGION}", "web\${MISSING:-1}"] }
apps: { a: { run: [serve, "--port=\${PORT}"], cwd: "/srv/\${REGION}", env: { A: "\${PORT}" } } }`);
    expect(problems).toEqual([]);
    expect(settings?.hosts?.web1).toMatchObject({ destination: '192.0.2.11', user: 'deploy', port: 2222 });
    expect(settings?.groups?.g).toEqual(['tag:eu', 'web1']);
    expect(settings?.apps?.a).toEqual({ run: ['serve', '--port=8501'], cwd: '/srv/eu', env: { A: '8501' } });
  });

  test('is the number or the boolean that the schema wants there', () => {
    expect(parseApp('{ port: "${PORT}" }')).toEqual({ port: 8_501 });
    expect(parseApp('{ port: "${MISSING:-auto}" }')).toEqual({ port: 'auto' });
    expect(parseApp('{ login_shell: "${YES}", log: { keep: "${N:-3}" } }')).toEqual({
      login_shell: true,
      log: { keep: 3 },
    });
    expect(parseApp('{ port: 80, health: { tcp: "${YES}", successes: "${N:-2}" } }')?.health).toMatchObject({
      tcp: true,
    });
    const { settings } = parse('hosts: { a: { port: "${N:-22}" } }');
    expect(settings?.hosts?.a).toMatchObject({ port: 22 });
  });

  test('is a duration, a size, a signal or a word of a list', () => {
    const app = parseApp(
      '{ stop: { signal: "${S:-INT}", grace: "${G:-5s}" }, log: { max_size: "${M:-1MB}" }, hup: "${H:-default}" }',
    );
    expect(app).toEqual({ stop: { signal: 'INT', grace: 5_000 }, log: { max_size: 1_000_000 }, hup: 'default' });
  });

  test('brings no YAML: it stays the text that it is', () => {
    expect(parseApp('{ env: { A: "${YAML}", B: "${YES}" } }')?.env).toEqual({ A: ENV.YAML, B: 'true' });
  });

  test('is left to the shell of the host in shell lines, and has no place in keys', () => {
    const app = parseApp('{ run: "echo ${PORT} $${X}", setup: "${MISSING}", health: { exec: "test ${MISSING}" } }');
    expect(parseApp('{ setup: ["${MISSING}", make] }')).toMatchObject({ setup: ['${MISSING}', 'make'] });
    expect(app).toMatchObject({ run: 'echo ${PORT} $${X}', setup: '${MISSING}', health: { exec: 'test ${MISSING}' } });
    expect(parse('hosts: { "${REGION}": }').problems).toEqual([expect.stringContaining('"${REGION}" is not a host')]);
  });

  test('in what an alias stands for is replaced at each place', () => {
    expect(parseApp('{ env: { A: &a "${PORT}", B: *a } }')?.env).toEqual({ A: '8501', B: '8501' });
  });
});

describe('a mistake', () => {
  test('names the place, the variable and one that is set, and is the only one about that place', () => {
    const { problems } = parse(
      'hosts:\n  a: { port: "${PROT}", user: "${}" }\ngroups:\n  g:\n    - a\n    - tag:${REGOIN}\n',
    );
    expect(problems).toEqual([
      '2:8 the variable PROT is not set; did you mean "PORT"?',
      expect.stringMatching(/^2:25 "\$\{\}" has a \$\{ that is no variable \(write \$\{NAME\} or \$\{NAME:-default\}/),
      '6:7 the variable REGOIN is not set; did you mean "REGION"?',
    ]);
  });

  test.each([
    ['hosts: { a: "${SECRET}" }', '`hosts.a`: what "${SECRET}" stands for is not valid here (write name, user@name'],
    ['hosts: { a: { user: "${SECRET}" } }', '`hosts.a.user`: what "${SECRET}" stands for is not valid here (a user is'],
    ['hosts: { a: { port: "${SECRET}" } }', '`hosts.a.port` must be a whole number (it is written as "${SECRET}")'],
    ['hosts: { a: { port: "8${PORT}9" } }', '`hosts.a.port` must be at most 65535 (it is written as "8${PORT}9")'],
    ['groups: { g: ["${SECRET}"] }', 'what "${SECRET}" stands for is not among the hosts, groups and tags'],
    ['groups: { g: ["a[${SECRET}]"] }', 'what "a[${SECRET}]" stands for is not among the hosts'],
    ['apps: { a: { hup: "${SECRET}" } }', '`apps.a.hup` must be ignore or default (it is written as "${SECRET}")'],
    ['apps: { a: { port: "${SECRET}" } }', '`apps.a.port` must be a port from 1 to 65535 or auto (it is written as'],
    ['apps: { a: { secrets: ["${SECRET}"] } }', '`apps.a.secrets.0`: what "${SECRET}" stands for is not valid here'],
    ['apps: { a: { health: { log: "(${SECRET}" } } }', 'what "(${SECRET}" stands for is not valid here'],
    ['transport: "${SECRET}"', '`transport` must be ssh2 or openssh (it is written as "${SECRET}")'],
  ])('in %s shows what is written and not the value', (text, message) => {
    const { problems } = parse(text);
    expect(problems).toContainEqual(expect.stringContaining(message));
    expect(problems.join()).not.toContain('hunter2');
  });

  test('in ten thousand places is found at once', () => {
    const list = (item: string) => `groups: { g: [${Array(10_000).fill(item).join(', ')}] }`;
    expect(parse(list('"${A}"')).problems.length).toBeLessThanOrEqual(200);
    const bomb = parse(list('"${LONG}"'), { LONG: 'x'.repeat(1_000) });
    expect(bomb.problems).toContainEqual(expect.stringContaining('the variables up to here come to more than 1 MiB'));
  });
});
