import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import { buildCompletionScript } from './build-completion-script.js';
import type { CompletionModel } from './completion-model.js';

const MODEL: CompletionModel = {
  flags: [{ flag: '-V, --version', summary: "show outlast's version" }],
  verbs: [
    {
      name: 'start',
      summary: 'start an app: detached [and proven]',
      takes: 'app',
      flags: [
        { flag: '-H, --host', summary: 'hosts, such as web[01-12]', takes: 'host' },
        { flag: '-g, --group', summary: 'group', takes: 'group' },
        { flag: '--cwd', summary: 'folder on the host', takes: 'value' },
        { flag: '--env-file', summary: 'file of variables', takes: 'file' },
        { flag: '-q, --quiet', summary: 'no notes' },
      ],
    },
    {
      name: 'status',
      aliases: ['ps'],
      summary: 'what runs',
      takes: 'app',
      flags: [{ flag: '--json', summary: 'JSON' }],
    },
    { name: 'stop', summary: 'stop an app', takes: 'app', flags: [] },
    { name: 'doctor', summary: 'what is in the way', takes: 'host', flags: [] },
    { name: 'init', summary: "don't start from nothing", flags: [] },
  ],
};

const OUTLAST = `#!/bin/sh
case "$*" in
  'completion --list-hosts') printf '%s\\n' web1 web2 deploy@db:2222 ;;
  'completion --list-apps') printf '%s\\n' dashboard api 'x$(touch pwned)*' ;;
  'completion --list-groups') printf '%s\\n' frontend ;;
  *) echo 'outlast: unexpected' "$@" >&2; exit 2 ;;
esac
`;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outlast-completion-'));
  writeFileSync(join(folder, 'outlast'), OUTLAST, { mode: 0o755 });
  writeFileSync(join(folder, 'vars.env'), '');
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(folder, `completion.${shell}`), buildCompletionScript(shell, MODEL));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function skipWithout(program: string, context: TestContext): void {
  const missing = spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined;
  context.skip(missing, `${program} is not installed`);
}

function run(program: string, args: readonly string[], line: string): string {
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TERM: 'xterm', LC_ALL: 'C.UTF-8', LINE: line };
  return execFileSync(program, args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

// What readline does: it calls the function with the line and puts what it got in place of the last word it sees.
const BASH = `source ./completion.bash
COMP_LINE=$LINE COMP_POINT=\${#LINE}
_outlast && printf '%s\\n' "\${COMPREPLY[@]}"`;

const ZSH = `zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1="" ; setopt no_beep; autoload -Uz compinit; compinit -u -D; source ./completion.zsh'
zpty -w shell 'zstyle ":completion:*" list-separator "::"; zstyle ":completion:*" menu no; LISTMAX=1000; stty columns 200'
zpty -w shell 'finish() { print -r "[$BUFFER]"; exit }; zle -N finish; bindkey "^F" finish; bindkey "^I" complete-and-list'
zpty -w shell 'complete-and-list() { zle complete-word; zle list-choices }; zle -N complete-and-list; print "rea""dy"'
zpty -r shell seen '*ready*'
zpty -w -n shell "$LINE"$'\\t\\x06'
while zpty -r shell seen; do print -rn -- "$seen"; done`;

const complete = {
  bash: (line: string) => run('bash', ['--norc', '-c', BASH], line).split('\n').filter(Boolean),
  zsh: (line: string) => run('zsh', ['-f', '-c', ZSH], line),
  fish: (line: string) =>
    run('fish', ['--no-config', '-c', 'source ./completion.fish; complete -C "$LINE"'], line)
      .split('\n')
      .filter(Boolean),
};

describe('bash', () => {
  beforeEach((context) => skipWithout('bash', context));

  test.each([
    ['outlast st', ['start', 'status', 'stop']],
    ['outlast p', ['ps']],
    ['outlast start ', ['dashboard', 'api', 'x$(touch pwned)*']],
    ['outlast start --', ['--host', '--group', '--cwd', '--env-file', '--quiet']],
    ['outlast start -H w', ['web1', 'web2']],
    ['outlast start -H web1,w', ['web1,web1', 'web1,web2']],
    ['outlast start --host=w', ['web1', 'web2']],
    ['outlast start -H deploy@', ['db:2222']],
    ['outlast start -g ', ['frontend']],
    ['outlast start --env-file var', ['vars.env']],
    ['outlast start -H web1 da', ['dashboard']],
    ['outlast start --cwd x -q a', ['api']],
    ['outlast ps --', ['--json']],
    ['outlast -', ['-V', '--version']],
    ['outlast start web -- ./x var', ['vars.env']],
    ['outlast doctor web', ['web1', 'web2']],
    ['outlast init ', []],
  ])('%j offers %j', (line, expected) => {
    expect(complete.bash(line)).toEqual(expected);
  });

  test('runs nothing that a name says', () => {
    complete.bash('outlast start x');
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  test('offers programs behind the dashes', () => {
    expect(complete.bash('outlast start web -- outlas')).toContain('outlast');
  });
});

describe('zsh', () => {
  beforeEach((context) => skipWithout('zsh', context));

  test('offers the verbs, with what they do', () => {
    const shown = complete.zsh('outlast st');
    expect(shown).toMatch(/start +:: start an app: detached \[and proven\]/);
    expect(shown).toMatch(/status +:: what runs/);
    expect(shown).toMatch(/stop +:: stop an app/);
  });

  test.each([
    ['outlast sto', 'outlast stop '],
    ['outlast p', 'outlast ps '],
    ['outlast start da', 'outlast start dashboard '],
    ['outlast start -H web1 da', 'outlast start -H web1 dashboard '],
    ['outlast start -H deploy', 'outlast start -H deploy@db:2222 '],
    ['outlast start -H web1,deploy', 'outlast start -H web1,deploy@db:2222 '],
    ['outlast start --group=f', 'outlast start --group=frontend '],
    ['outlast start --qui', 'outlast start --quiet '],
    ['outlast start --env-file v', 'outlast start --env-file vars.env '],
    ['outlast ps --j', 'outlast ps --json '],
    ['outlast start x -- ls v', 'outlast start x -- ls vars.env '],
  ])('completes %j', (line, expected) => {
    expect(complete.zsh(line)).toContain(`[${expected}]`);
  });
});

describe('fish', () => {
  beforeEach((context) => skipWithout('fish', context));

  const HOSTS = '\thosts, such as web[01-12]';

  test('offers the verbs, with what they do', () => {
    expect(complete.fish('outlast st')).toEqual([
      'start\tstart an app: detached [and proven]',
      'status\twhat runs',
      'stop\tstop an app',
    ]);
  });

  test.each([
    ['outlast i', ["init\tdon't start from nothing"]],
    ['outlast start ', ['api', 'dashboard', 'x$(touch pwned)*']],
    ['outlast start stop', []],
    ['outlast start -H web1,de', [`web1,deploy@db:2222${HOSTS}`]],
    ['outlast start --host=w', [`--host=web1${HOSTS}`, `--host=web2${HOSTS}`]],
    ['outlast start -H web1 da', ['dashboard']],
    ['outlast start --env-file var', ['vars.env']],
    ['outlast ps --j', ['--json\tJSON']],
    ['outlast start x -- ls var', ['vars.env']],
    ['outlast doctor de', ['deploy@db:2222']],
  ])('%j offers %j', (line, expected) => {
    expect(complete.fish(line)).toEqual(expected);
  });
});

test('the script for bash is clean', (context) => {
  skipWithout('shellcheck', context);
  expect(run('shellcheck', ['-s', 'bash', './completion.bash'], '')).toBe('');
});

test('another shell is refused with the ones there are', () => {
  expect(() => buildCompletionScript('tcsh', MODEL)).toThrow(
    expect.objectContaining({
      code: 'E_USAGE',
      details: expect.objectContaining({ hint: 'name one of bash, zsh, fish' }),
    }),
  );
});
