import { describe, expect, test } from 'vitest';
import type { Config, ConfiguredHost } from '../config/config.js';
import { EMPTY_CONFIG } from '../config/config.js';
import type { Target } from '../ssh/transport.js';
import { type HostSelection, selectHosts } from './select-hosts.js';

const NOTHING: HostSelection = { hosts: [], groups: [], all: false, exclude: [] };

function configureHost(target: Target, line: number, more: Partial<ConfiguredHost> = {}): [string, ConfiguredHost] {
  return [target.name, { target, tags: [], env: {}, place: { file: 'outlast.yaml', line, column: 3 }, ...more }];
}

const CONFIG: Config = {
  files: ['outlast.yaml'],
  hosts: new Map([
    configureHost({ name: 'web1', destination: '192.0.2.11', user: 'deploy' }, 2, { tags: ['eu'] }),
    configureHost({ name: 'web2', destination: '192.0.2.12', port: 2222 }, 3, { env: { REGION: 'eu' } }),
    configureHost({ name: 'db1', destination: '127.0.0.1', port: 2201 }, 4, { tags: ['eu', 'db'] }),
    configureHost({ name: 'db2', destination: '127.0.0.1', port: 2202 }, 5),
  ]),
  groups: new Map([
    ['web', { members: ['web1', 'web2'], place: { file: 'outlast.yaml', line: 7, column: 3 } }],
    ['all-eu', { members: ['tag:eu', 'web', 'all-eu'], place: { file: 'outlast.yaml', line: 8, column: 3 } }],
  ]),
  apps: new Map(),
};

function listNames(selection: Partial<HostSelection>, config = CONFIG): string[] {
  return selectHosts({ ...NOTHING, ...selection }, config).map(({ target }) => target.name);
}

describe('choosing', () => {
  test('takes words in the order written, each once', () => {
    expect(listNames({ hosts: ['b,a', 'web[1-2]', 'a', 'root@a'] })).toEqual(['b', 'a', 'web1', 'web2', 'root@a']);
  });

  test('a configured name keeps its name and brings address, user, port and env', () => {
    expect(selectHosts({ ...NOTHING, hosts: ['web1,web2'] }, CONFIG)).toStrictEqual([
      { target: { name: 'web1', destination: '192.0.2.11', user: 'deploy' }, source: '-H' },
      { target: { name: 'web2', destination: '192.0.2.12', port: 2222 }, env: { REGION: 'eu' }, source: '-H' },
    ]);
  });

  test('what the word says wins over the configuration', () => {
    expect(selectHosts({ ...NOTHING, hosts: ['admin@web2:22'] }, CONFIG)).toStrictEqual([
      {
        target: { name: 'admin@web2:22', destination: '192.0.2.12', user: 'admin', port: 22 },
        env: { REGION: 'eu' },
        source: '-H',
      },
    ]);
  });

  test('the same user, address and port under another name is done once', () => {
    expect(listNames({ hosts: ['web1', 'deploy@192.0.2.11', '192.0.2.11', '127.0.0.1:2201', 'db1'] })).toEqual([
      'web1',
      '192.0.2.11',
      '127.0.0.1:2201',
    ]);
  });

  test('unites words, hosts file, groups, tags and all, and says where each came from', () => {
    const chosen = selectHosts(
      {
        hosts: ['other'],
        groups: ['web,tag:db'],
        all: true,
        exclude: [],
        hostsFile: { name: 'hosts.txt', text: '# mine\nextra root\nweb2 admin\n' },
      },
      CONFIG,
    );
    expect(chosen.map(({ target, source }) => [target.name, target.user, source])).toEqual([
      ['other', undefined, '-H'],
      ['extra', 'root', 'hosts.txt:2'],
      ['web2', 'admin', 'hosts.txt:3'],
      ['web1', 'deploy', 'group web in outlast.yaml:7'],
      ['db1', undefined, 'tag db in outlast.yaml:4'],
      ['db2', undefined, 'outlast.yaml:5'],
    ]);
  });

  test('a group may hold tags, groups and itself', () => {
    expect(listNames({ groups: ['all-eu'] })).toEqual(['web1', 'db1', 'web2']);
  });

  const place = { file: 'outlast.yaml', line: 1, column: 1 };

  test('a group that repeats its hosts many times over gives each once', () => {
    const many = { members: Array<string>(300_000).fill('web1'), place };
    const groups = new Map([
      ['many', many],
      ['outer', { members: ['many', 'web2'], place }],
    ]);
    expect(listNames({ groups: ['outer'] }, { ...CONFIG, groups })).toEqual(['web1', 'web2']);
  });

  test('a chain of many groups is followed', () => {
    const chain = Array.from({ length: 50_000 }, (_, index): [string, { members: string[]; place: typeof place }] => [
      `g${index}`,
      { members: [index === 49_999 ? 'web1' : `g${index + 1}`], place },
    ]);
    expect(listNames({ groups: ['g0'] }, { ...CONFIG, groups: new Map(chain) })).toEqual(['web1']);
  });

  test('without flags takes the hosts of the apps; with flags only those', () => {
    const apps = [
      { app: 'dashboard', hosts: ['web'] },
      { app: 'worker', hosts: ['web2', 'db1'] },
    ];
    expect(selectHosts(NOTHING, CONFIG, apps).map(({ target, source }) => [target.name, source])).toEqual([
      ['web1', 'hosts of app dashboard'],
      ['web2', 'hosts of app dashboard'],
      ['db1', 'hosts of app worker'],
    ]);
    expect(selectHosts({ ...NOTHING, hosts: ['x'] }, CONFIG, apps).map(({ target }) => target.name)).toEqual(['x']);
  });
});

describe('excluding', () => {
  test.each([
    [['web1'], ['web2', 'db1', 'db2']],
    [['web[1-2]'], ['db1', 'db2']],
    [['web'], ['db1', 'db2']],
    [['tag:eu'], ['web2', 'db2']],
    [['db1,web2'], ['web1', 'db2']],
    [['127.0.0.1'], ['web1', 'web2']],
    [['127.0.0.1:2202'], ['web1', 'web2', 'db1']],
    [['admin@web1'], ['web1', 'web2', 'db1', 'db2']],
  ])('takes out %j', (exclude, left) => {
    expect(listNames({ all: true, exclude })).toEqual(left);
  });

  test('a name takes out its entries with another user or port', () => {
    expect(listNames({ hosts: ['root@web1:23', 'a@x', 'x:2222', 'y'], exclude: ['web1', 'x'] })).toEqual(['y']);
  });

  test('takes out one of two users of a host, and not the other', () => {
    const hosts = new Map([
      configureHost({ name: 'app', destination: '192.0.2.20', user: 'app' }, 2),
      configureHost({ name: 'root', destination: '192.0.2.20', user: 'root' }, 3),
    ]);
    expect(listNames({ all: true, exclude: ['app'] }, { ...CONFIG, hosts })).toEqual(['root']);
    expect(listNames({ hosts: ['192.0.2.20', 'x'], exclude: ['app'] }, { ...CONFIG, hosts })).toEqual(['x']);
  });

  test('a configured host that was not chosen may be excluded', () => {
    expect(listNames({ hosts: ['x'], exclude: ['web1', 'web'] })).toEqual(['x']);
  });

  test('counts for the hosts of an app too', () => {
    const chosen = selectHosts({ ...NOTHING, exclude: ['web1'] }, CONFIG, [{ app: 'dashboard', hosts: ['web'] }]);
    expect(chosen.map(({ target }) => target.name)).toEqual(['web2']);
  });
});

describe('limiting', () => {
  test.each([
    [['web'], ['web1', 'web2']],
    [['tag:eu,web2'], ['web1', 'web2', 'db1']],
    [['web', 'tag:eu'], ['web1']],
    [['127.0.0.1', 'db[1-2]', 'tag:db'], ['db1']],
    [['web[1-2],db1', '192.0.2.12'], ['web2']],
  ])('to %j keeps %j', (limit, left) => {
    expect(listNames({ all: true, limit })).toEqual(left);
  });

  test('counts for the hosts of an app, in their order, and before what is excluded', () => {
    const apps = [{ app: 'dashboard', hosts: ['web2', 'web1', 'db1'] }];
    const chosen = selectHosts({ ...NOTHING, limit: ['tag:eu,web'], exclude: ['db1'] }, CONFIG, apps);
    expect(chosen.map(({ target }) => target.name)).toEqual(['web2', 'web1']);
  });

  test('lets what it leaves out be excluded as well', () => {
    expect(listNames({ hosts: ['x[1-3]'], limit: ['x1,x2'], exclude: ['x2', 'x3'] })).toEqual(['x1']);
  });

  test('chooses nothing by itself', () => {
    expect(() => listNames({ limit: ['web1'] })).toThrow('no hosts are chosen');
  });
});

describe('refusing', () => {
  test.each<[string, Partial<HostSelection>, Config, string]>([
    ['nothing', {}, CONFIG, 'no hosts are chosen'],
    ['an unknown group', { groups: ['wbe'] }, CONFIG, 'there is no group "wbe"; did you mean "web"?'],
    ['an unknown tag', { groups: ['tag:ue'] }, CONFIG, 'no host has the tag "ue"; did you mean "eu"?'],
    ['a group after -H', { hosts: ['web'] }, CONFIG, '"web" is a group, not a host'],
    [
      'an unknown exclusion',
      { all: true, exclude: ['wbe1'] },
      CONFIG,
      '-x "wbe1" is not among the hosts; did you mean "web1"?',
    ],
    ['a malformed exclusion', { all: true, exclude: ['-x'] }, CONFIG, '"-x" is not a host'],
    ['excluding all', { all: true, exclude: ['web,db[1-2]'] }, CONFIG, 'every chosen host is excluded'],
    [
      'an unknown limit',
      { all: true, limit: ['wbe1'] },
      CONFIG,
      '--limit "wbe1" is not among the hosts; did you mean "web1"?',
    ],
    ['a malformed limit', { all: true, limit: ['-x'] }, CONFIG, '"-x" is not a host'],
    ['an unknown tag as limit', { all: true, limit: ['tag:ue'] }, CONFIG, 'no host has the tag "ue"'],
    ['a limit to others', { groups: ['web'], limit: ['db1'] }, CONFIG, '--limit "db1" leaves none of the chosen hosts'],
    ['two limits apart', { all: true, limit: ['web', 'tag:db'] }, CONFIG, '--limit "tag:db" leaves none of the chosen'],
    ['excluding the limit', { all: true, limit: ['web1'], exclude: ['web'] }, CONFIG, 'every chosen host is excluded'],
    ['all of nothing', { all: true }, EMPTY_CONFIG, 'the configuration has no hosts'],
    ['an empty hosts file', { hostsFile: { name: '-', text: '\n' } }, CONFIG, 'the hosts file names no host'],
    ['a malformed word', { hosts: ['a b'] }, CONFIG, '"a b" is not a host'],
    ['an empty word', { hosts: [''] }, CONFIG, 'a host word is empty'],
    ['too many words', { hosts: ['a[1-60000]', 'b[1-60000]'] }, CONFIG, 'more than 100000 hosts'],
    [
      'too many in all',
      { hosts: ['a[1-60000]'], hostsFile: { name: '-', text: 'b[1-60000]' } },
      CONFIG,
      '120000 hosts are chosen',
    ],
  ])('refuses %s', (_, selection, config, message) => {
    expect(() => selectHosts({ ...NOTHING, ...selection }, config)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining(message) }),
    );
  });

  test('says what to do when nothing is chosen', () => {
    expect(() => selectHosts(NOTHING, EMPTY_CONFIG)).toThrow(
      expect.objectContaining({ details: { hint: expect.stringMatching(/-H .*outlast\.yaml/) } }),
    );
  });

  test('an app that names an unknown host', () => {
    expect(() => selectHosts(NOTHING, CONFIG, [{ app: 'a', hosts: ['web3'] }])).toThrow('there is no group "web3"');
  });
});
