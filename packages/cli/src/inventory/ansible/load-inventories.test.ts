import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EMPTY_CONFIG } from '../../config/config.js';
import { selectHosts } from '../select-hosts.js';
import { type Inventory, loadInventories } from './load-inventories.js';
import { mergeInventory } from './merge-inventory.js';

const root = mkdtempSync(join(tmpdir(), 'outlast-inventory-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes the files into a folder of their own and reads the first of them, or those named. */
async function load(files: Files, words: readonly string[] = Object.keys(files).slice(0, 1)) {
  return read(writeFiles(files), words);
}

function writeFiles(files: Files): string {
  const cwd = join(root, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
    if (text.toString().startsWith('#!')) chmodSync(join(cwd, name), 0o755);
  }
  return cwd;
}

async function read(cwd: string, words: readonly string[]) {
  const warnings: string[] = [];
  const context = { cwd, env: process.env, signal: new AbortController().signal };
  const inventory = await loadInventories(words, { ...context, warn: (message) => warnings.push(message) });
  return { inventory, warnings };
}

async function refuse(files: Files, words?: readonly string[]): Promise<string> {
  return load(files, words).then(
    () => 'accepted',
    ({ message }: Error) => message,
  );
}

const listTargets = ({ hosts }: Inventory) => [...hosts.values()].map(({ target: { name: _name, ...reach } }) => reach);

describe('an inventory in INI', () => {
  const text = `
jump ansible_host=192.0.2.1   # the way in
; nothing here
[web]
web[01:02].example.com:2222 ansible_user="de ploy" comment='a=b # c'
[db:children]
pg
[pg]
db-[a:c:2] ansible_ssh_private_key_file=~/.ssh/db
[2001:db8::1]:22
[db:vars]
ansible_user = 'ops'   # as everywhere
ansible_port=0x16
`.replace('"de ploy"', '"deploy"');

  test('has hosts, ranges, groups in groups and variables', async () => {
    const { inventory, warnings } = await load({ 'hosts.ini': text });
    expect([...inventory.hosts.keys()]).toEqual([
      ...['jump', 'web01.example.com', 'web02.example.com'],
      ...['db-a', 'db-c', '2001:db8::1'],
    ]);
    const db = { user: 'ops', port: 22 };
    expect(listTargets(inventory)).toEqual([
      { destination: '192.0.2.1' },
      { destination: 'web01.example.com', user: 'deploy', port: 2222 },
      { destination: 'web02.example.com', user: 'deploy', port: 2222 },
      { destination: 'db-a', ...db, identityFiles: ['~/.ssh/db'] },
      { destination: 'db-c', ...db, identityFiles: ['~/.ssh/db'] },
      { destination: '2001:db8::1', ...db },
    ]);
    expect(Object.fromEntries([...inventory.groups].map(([name, { members }]) => [name, members.length]))).toEqual({
      ...{ all: 6, ungrouped: 1, web: 2, db: 3, pg: 3 },
    });
    expect(warnings).toEqual([]);
  });

  test('says where each host and group is written', async () => {
    const { inventory } = await load({ 'hosts.ini': text });
    const config = mergeInventory(inventory, EMPTY_CONFIG);
    const select = (more: object) => selectHosts({ hosts: [], groups: [], all: false, exclude: [], ...more }, config);
    expect(select({ groups: ['db'] })[0]?.source).toBe('group db in hosts.ini:6');
    expect(select({ all: true })[0]?.source).toBe('hosts.ini:2');
    expect(select({ groups: ['all'], exclude: ['db', 'web'] }).map(({ target }) => target.name)).toEqual(['jump']);
  });

  test('may have a byte order mark and lines that end in CR LF', async () => {
    const { inventory } = await load({ 'hosts.ini': '\ufeff[web]\r\nweb1 ansible_user=ops\r\n' });
    expect([...(inventory.groups.get('web')?.members ?? [])]).toEqual(['web1']);
    expect(listTargets(inventory)).toEqual([{ destination: 'web1', user: 'ops' }]);
  });

  test.each<[string, string, string]>([
    [
      'an undefined child',
      '[prod:children]\nwbe\n[web]\nweb1\n',
      'h.ini:2:1: there is no group "wbe"; did you mean "web"?',
    ],
    ['variables of no group', '[web]\n[wbe:vars]\na=b\n', 'h.ini:2:1: there is no group "wbe"; did you mean "web"?'],
    ['an unknown kind of section', '[web:child]\nx\n', 'h.ini:1:1: "child" is not a kind of section'],
    ['a section with a space', '\n  [web servers]\n', 'h.ini:2:3: "[web servers]" is not a section'],
    [
      'a group in itself',
      '[a:children]\nb\n[b:children]\nc\n[c:children]\na\n',
      '"a" contains itself: "a" > "b" > "c" > "a"',
    ],
    ['a group that is its own child', '[a]\n[a:children]\na\n', 'h.ini:3:1: the group "a" contains itself'],
    ['all within a group', '[a:children]\nall\n', 'contains itself'],
    ['a word that is no variable', 'web1  ansible_user\n', 'h.ini:1:7: "ansible_user" is not a variable'],
    ['a quote without an end', 'web1 a="b\n', 'h.ini:1:8: the quote " is not closed'],
    [
      'a range that runs backwards',
      'web[3:1]\n',
      'h.ini:1:1: "web[3:1]" is not a host or a range: the range 3:1 runs backwards',
    ],
    ['a range with odd padding', 'web[01:100]\n', 'padded differently'],
    ['a range of both kinds', 'web[1:c]\n', 'neither two numbers nor two letters'],
    ['a range without an end', 'web[1:]\n', 'neither two numbers nor two letters'],
    ['a step of nothing', 'web[1:3:0]\n', 'the step "0" is not a whole number from 1 on'],
    ['a bracket without partner', 'web[1:3\n', 'a bracket has no partner'],
    ['more hosts than there may be', 'a[1:1000][1:1000]\n', 'more than 100000 hosts'],
    [
      'more hosts than there may be together',
      'b\na[1:100000]\n',
      'h.ini:2:1: with it there are more than 100000 hosts',
    ],
    ['a host that begins with a dash', '-oProxyCommand=id\n', 'a name does not begin with "-"'],
    ['a host that a shell reads', '$(id)\n', 'is not a host'],
    ['a host with a user', 'root@web1\n', 'user and port go into ansible_user and ansible_port'],
    ['a colon without a port', 'web1:\n', 'behind the colon there is no port'],
    ['JavaScript names as groups', '[__proto__]\nweb1\n', 'h.ini:1:1: a group cannot have the name `__proto__`'],
    ['JavaScript names as hosts', '__proto__ ansible_user=x\n', 'a host cannot have the name `__proto__`'],
    [
      'a priority that is no number',
      '[a]\n[a:vars]\nansible_group_priority=high\n',
      'h.ini:3:1: ansible_group_priority must be',
    ],
  ])('with %s is refused', async (_what, wrong, message) => {
    expect(await refuse({ 'h.ini': wrong })).toContain(message);
  });

  test('that is not UTF-8, in TOML, or not there is refused', async () => {
    expect(await refuse({ 'h.ini': Buffer.from('web1\nw\xe4b\n', 'latin1') })).toContain('h.ini: it is not UTF-8');
    expect(await refuse({ 'h.toml': '[web.hosts]\n' })).toContain('h.toml is in TOML');
    expect(await refuse({}, ['none.ini'])).toContain('cannot read none.ini: there is no such file');
  });
});

describe('an inventory in YAML', () => {
  test('has merge keys, anchors, tags and words of YAML 1.1', async () => {
    const { inventory, warnings } = await load({
      'hosts.yml': `---
all:
  vars: &common {ansible_user: ops, ansible_port: 0o26}
  hosts:
    alone:
  children:
    web:
      vars:
        <<: *common
        ansible_port: 2222
        ansible_become: yes
        motd: !unsafe "{{ raw }}"
        secret: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          61
      hosts:
        web[1:2]: &one {ansible_ssh_host: 192.0.2.1}
        web2:
          <<: [{ansible_host: 192.0.2.9}, *one]
          ansible_ssh_host: 192.0.2.2
`.replace('0o26', '026'),
    });
    expect(listTargets(inventory)).toEqual([
      { destination: 'alone', user: 'ops', port: 22 },
      { destination: '192.0.2.1', user: 'ops', port: 2222 },
      { destination: '192.0.2.2', user: 'ops', port: 2222 },
    ]);
    expect(inventory.hosts.get('web1')?.notFollowed).toEqual(['ansible_become']);
    expect(inventory.groups.get('web')?.place).toMatchObject({ file: 'hosts.yml', line: 7, column: 5 });
    expect(warnings).toEqual([]);
  });

  test('needs no ending where its first line says what it is', async () => {
    const { inventory } = await load({ hosts: '# ours\nweb:\n  hosts:\n    web1:\n' });
    expect([...(inventory.groups.get('web')?.members ?? [])]).toEqual(['web1']);
  });

  test('says what it passes over', async () => {
    const { warnings } = await load({ 'h.yml': 'web:\n  host: {web1: }\n  hosts: {web2: , web2: }\n' });
    expect(warnings).toEqual([
      'h.yml:3: the key "web2" is written twice; the last one counts, as in Ansible',
      'h.yml:2: "host" in the group "web" is not followed; did you mean "hosts"?',
    ]);
  });

  const bomb = Array.from({ length: 30 }, (_, index) => {
    const below = index === 0 ? '{hosts: {web1: }}' : `*b${index - 1}`;
    return `b${index}: &b${index}\n  children: {x${index}: ${below}, y${index}: ${below}}\n`;
  });

  test.each<[string, string, string]>([
    ['a list', '- web1\n', 'h.yml:1:1: an inventory in YAML is a mapping of groups'],
    ['nothing', '', 'is a mapping of groups'],
    ['the configuration of a plugin', 'plugin: aws_ec2\n', 'h.yml:1:1: this configures a plugin'],
    ['hosts as a list', 'web:\n  hosts: [web1]\n', 'h.yml:2:3: `hosts` of the group "web" must be a mapping'],
    ['a group that is text', 'web: web1\n', 'h.yml:1:1: the group "web" must be a mapping'],
    ['a tag of its own', 'web: !lambda x\n', 'of tags only !vault, !vault-encrypted, !unsafe are supported'],
    ['a second document', 'web:\n---\ndb:\n', 'second document'],
    ['JavaScript names', 'web:\n  hosts:\n    __proto__: {ansible_user: x}\n', 'the key `__proto__` is not allowed'],
    ['groups that contain each other', 'a: {children: {b: {children: {a: }}}}\n', 'contains itself'],
    ['aliases that explode', bomb.join(''), 'the aliases expand to too much'],
    ['an alias to what it lies in', 'a: &a\n  children: *a\n', 'there is no anchor &a before this alias'],
    ['far too deep nesting', `${'{a: '.repeat(5_000)}1`, 'deeper than 50 levels'],
    ['a wrong quote', 'web: "x\n', 'h.yml:'],
  ])('with %s is refused', async (_what, wrong, message) => {
    expect(await refuse({ 'h.yml': wrong })).toContain(message);
  });
});

describe('an inventory program', () => {
  const buildScript = (listing: unknown, more = '') => `#!/bin/sh
case "$*" in
--list) printf '%s' '${JSON.stringify(listing)}' ;;
${more}
*) echo "asked for $*" >&2; exit 7 ;;
esac
`;
  const meta = { hostvars: { web1: { ansible_user: 'ops', ansible_port: 2222 }, lost: { ansible_user: 'x' } } };

  test('prints groups and the variables of all hosts', async () => {
    const listing = {
      web: { hosts: ['web1', 'web2'], vars: { ansible_user: 'all' } },
      db: ['web2'],
      one: { ansible_port: 9 },
      _meta: meta,
    };
    const { inventory } = await load({ list: buildScript({ ...listing, top: { children: ['web'] } }) });
    expect(Object.fromEntries(inventory.hosts)).toMatchObject({
      web1: { target: { user: 'ops', port: 2222 }, place: { file: 'list --list', line: 0 } },
      web2: { target: { user: 'all' } },
      one: { target: { port: 9 } },
    });
    expect(inventory.hosts.has('lost')).toBe(false);
    expect(inventory.groups.get('top')?.members).toEqual(['web1', 'web2']);
  });

  test('is asked for each host where it has no _meta', async () => {
    const more = `"--host web1") echo '{"ansible_user": "ops"}' ;;\n"--host web2") ;;`;
    const { inventory } = await load({ list: buildScript({ web: ['web1', 'web2'] }, more) });
    expect(listTargets(inventory)).toEqual([{ destination: 'web1', user: 'ops' }, { destination: 'web2' }]);
    expect(await refuse({ list: buildScript({ web: ['web1', 'web3'] }, more) })).toContain(
      'the inventory list --host web3 failed: it ended with 7: asked for --host web3',
    );
  });

  test.each<[string, string, string]>([
    [
      'fails',
      '#!/bin/sh\nprintf "no \\033[31mtoken\\n" >&2\nexit 3\n',
      'list --list failed: it ended with 3: no \\x1b[31mtoken',
    ],
    ['is killed', '#!/bin/sh\nkill -9 $$\n', 'it was ended by SIGKILL'],
    ['has no interpreter', '#!/no/such/interpreter\n', 'it cannot be run'],
    ['prints no JSON', '#!/bin/sh\necho web1\n', 'list --list: the inventory is not JSON'],
    ['prints a list', '#!/bin/sh\necho "[]"\n', 'the inventory must be a JSON object'],
    ['prints what is not UTF-8', '#!/bin/sh\nprintf "\\344"\n', 'what it prints is not UTF-8'],
    [
      'prints hosts that are no list',
      buildScript({ web: { hosts: 'web1' } }),
      'the hosts of the group "web" must be a list',
    ],
    ['prints a name that is none', buildScript({ web: ['a b'], _meta: {} }), 'list --list: "a b" is not a host'],
    ['prints JavaScript names', buildScript({ web: ['__proto__'] }), 'cannot have the name `__proto__`'],
  ])('that %s is refused', async (_what, script, message) => {
    expect(await refuse({ list: script })).toContain(message);
  });

  test('is no program where it is a text that only has the executable bit', async () => {
    const cwd = writeFiles({ hosts: 'touch ran\n' });
    chmodSync(join(cwd, 'hosts'), 0o755);
    await expect(read(cwd, ['hosts'])).rejects.toThrow('is not a variable');
  });

  test.each(['list.json', 'list'])(
    'may be what ansible-inventory --list has printed into a file (%s)',
    async (name) => {
      const listing = { all: { children: ['web'] }, web: { hosts: ['web1'] }, _meta: meta };
      const { inventory } = await load({ [name]: JSON.stringify(listing) });
      expect(listTargets(inventory)).toEqual([{ destination: 'web1', user: 'ops', port: 2222 }]);
    },
  );
});

describe('variables', () => {
  test('of files count more than those of the inventory, of hosts more than of groups', async () => {
    const { inventory, warnings } = await load({
      'h.ini': 'web1 ansible_user=host ansible_port=1\nweb2\n[web]\nweb1\nweb2\n[web:vars]\nansible_user=group\n',
      'group_vars/all.yml': 'ansible_port: 2\nansible_user: every\n',
      'group_vars/web/10.yml': 'ansible_user: file\n',
      'group_vars/web/20': '$ANSIBLE_VAULT;1.1;AES256\n61\n',
      'host_vars/web2.json': '{"ansible_port": 3, "other": {"a": [1]}}',
    });
    expect(listTargets(inventory)).toMatchObject([
      { user: 'host', port: 1 },
      { user: 'file', port: 3 },
    ]);
    expect(warnings).toEqual(['group_vars/web/20 is encrypted with Ansible Vault and not read']);
  });

  test('of groups at one depth count by priority, then by name', async () => {
    const groups = '[a]\nweb1\n[b]\nweb1\n[c]\nweb1\n';
    const ofA = '[a:vars]\nansible_user=a\nansible_group_priority=10\n';
    const others = '[b:vars]\nansible_user=b\nansible_port=2\n[c:vars]\nansible_port=3\n';
    const { inventory } = await load({ 'h.ini': groups + ofA + others });
    expect(listTargets(inventory)).toEqual([{ destination: 'web1', user: 'a', port: 3 }]);
  });

  test.each<[string, string, string]>([
    [
      'a template',
      'ansible_host="{{ ip }}"',
      '`ansible_host`: "{{ ip }}" is a template, which only Ansible can fill in',
    ],
    ['a port that is none', 'ansible_port=70000', '`ansible_port`: '],
    ['a user that is none', 'ansible_user=-root', '`ansible_user`: "-root" is not a user name'],
    ['an address that is none', 'ansible_host=$(id)', '`ansible_host`: "$(id)" is not a host'],
    ['a key that is none', 'ansible_ssh_private_key_file=-v', '`ansible_ssh_private_key_file`: '],
  ])('with %s take a host out, and no other', async (_what, assignment, message) => {
    const { inventory } = await load({ 'h.ini': `web1 ${assignment}\nweb2 # ${assignment}\n` });
    const config = mergeInventory(inventory, EMPTY_CONFIG);
    const select = (exclude: string[]) => selectHosts({ hosts: [], groups: [], all: true, exclude }, config);
    expect(() => select([])).toThrow(`h.ini:1:6: ${message}`);
    expect(select(['web1']).map(({ target }) => target.name)).toEqual(['web2']);
  });

  test('that are encrypted decide nothing silently', async () => {
    const { inventory } = await load({ 'h.yml': 'a: {hosts: {web1: {ansible_user: !vault x}}}\n' });
    expect(inventory.hosts.get('web1')?.problems?.[0]?.message).toContain('is encrypted with Ansible Vault');
  });

  test('that would change how a host is reached are told, those that would not are not', async () => {
    const said = [
      'ansible_password=x',
      'ansible_ssh_common_args="-o A=b"',
      'ansible_become=yes',
      'ansible_connection=docker',
    ];
    const silent = [
      'ansible_python_interpreter=/x',
      'ansible_become=no',
      'ansible_connection=ansible.builtin.ssh',
      'ansible_shell_type=sh',
      'ansible_ssh_pipelining=yes',
      'become=1',
    ];
    const { inventory } = await load({ 'h.ini': `a ${said.join(' ')}\nb ${silent.join(' ')}\n` });
    expect(inventory.hosts.get('a')?.notFollowed).toEqual([
      ...['ansible_become', 'ansible_connection=docker', 'ansible_password', 'ansible_ssh_common_args'],
    ]);
    expect(inventory.hosts.get('b')?.notFollowed).toBeUndefined();
  });
});

describe('several inventories', () => {
  test('make one, and a folder is all that is in it', async () => {
    const files = {
      'inv/10-web': '[web]\nweb1\n',
      'inv/20-db.yml': 'web: {hosts: {web2: }}\ndb: {hosts: {db1: }}\n',
      'inv/30.ini': '[never]\nnever1\n',
      'inv/.hidden': 'never2\n',
      'inv/old~': 'never3\n',
      'inv/ansible.cfg': 'never4\n',
      'inv/group_vars/web': 'ansible_user: ops\n',
    };
    const { inventory, warnings } = await load(files, ['inv', 'extra[1:2]:22,']);
    expect([...inventory.hosts.keys()]).toEqual(['extra1', 'extra2', 'web1', 'web2', 'db1']);
    expect(inventory.hosts.get('web2')?.target.user).toBe('ops');
    expect(warnings).toEqual(['inv/30.ini is not read: Ansible passes over .ini files in a folder']);
  });

  test('with links that lead back are read once, as are their variables', async () => {
    const files = {
      'inv/10-web': '[web]\nweb1\n',
      'inv/sub/20-db': '[db]\ndb1\n',
      'inv/group_vars/web/main.yml': 'ansible_user: ops\n',
    };
    const cwd = writeFiles(files);
    const links = { a: '.', b: '.', 'sub/up': '..', 'group_vars/web/c': '.', 'group_vars/web/d': '.' };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(cwd, 'inv', name));
    const { inventory } = await read(cwd, ['inv']);
    expect([...inventory.hosts.keys()]).toEqual(['web1', 'db1']);
    expect(inventory.hosts.get('web1')?.target.user).toBe('ops');
  });

  test('come before the configuration, whose other names stay', async () => {
    const { inventory } = await load({ 'h.ini': '[web]\nweb1 ansible_user=inv\n' });
    const place = { file: 'outlast.yaml', line: 1, column: 1 };
    const host = (name: string) => ({ target: { name, destination: name }, tags: [], env: {}, place });
    const config = mergeInventory(inventory, {
      ...EMPTY_CONFIG,
      hosts: new Map(['web1', 'web', 'mine'].map((name) => [name, host(name)])),
      groups: new Map(['all', 'own'].map((name) => [name, { members: ['mine'], place }])),
    });
    expect([...config.hosts.keys()]).toEqual(['web1', 'mine']);
    expect(config.hosts.get('web1')?.target.user).toBe('inv');
    expect([...config.groups.keys()]).toEqual(['all', 'ungrouped', 'web', 'own']);
  });
});
