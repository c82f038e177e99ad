import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { IS_LOGOUT_FUNCTIONS, LOGOUT_FUNCTIONS } from '../../src/lifecycle/logout.js';
import { replaceIn } from './private-host.js';
import { findShell, SH_NAMES, type ShellName } from './shells.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outlast-logout-'));
  // What they answer is in the environment; loginctl and systemctl of systemd 252 print such lines.
  for (const [name, text] of [
    ['loginctl', '[ -z "$SETTINGS" ] && exit 1; printf "%s" "$SETTINGS"'],
    ['systemctl', 'case $1 in show) [ "$4" = "$UNIT" ] && echo "ActiveState=$ACTIVE" ;; *) echo "$SYSTEM" ;; esac'],
  ] as const) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs shell lines behind our functions in a shell, in which the process is in the given cgroups. */
function run(context: TestContext, shell: ShellName, functions: string, lines: string, env: NodeJS.ProcessEnv): string {
  const path = findShell(shell);
  if (path === undefined) return context.skip(`${shell} is not installed`);
  const cgroups = join(folder, 'cgroup');
  writeFileSync(cgroups, `${env.CGROUPS ?? ''}\n`);
  const emulate = shell === 'zsh' ? 'emulate sh' : ':';
  const script = `${emulate}\n${replaceIn(functions, '/proc/self/cgroup', cgroups)}\n${lines}\n`;
  const options = shell === 'busybox' ? ['ash', '-s'] : ['-s'];
  const PATH = `${folder}:${process.env.PATH}`;
  const { stdout, stderr } = spawnSync(path, options, { input: script, env: { ...env, PATH }, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

describe.each(SH_NAMES)('in %s', (shell) => {
  test.for([
    ['deploy', 'yes', '', '', 'yes'],
    ['deploy', 'no', '', '', 'no'],
    ['root', 'yes', '', '', 'no'],
    ['root', 'yes', '', 'other', 'yes'],
    ['deploy', 'yes', '', 'root deploy', 'no'],
    ['deploy', 'yes', 'other', '', 'no'],
    ['deploy', 'no', 'other deploy', '', 'yes'],
    ['deploy', 'no', 'deployer', '', 'no'],
    ['CORP\\new', 'yes', '', 'CORP\\new', 'no'],
    ['deploy', 'maybe', '', '', 'unknown'],
  ])('%s with KillUserProcesses=%s, only %j, not %j: %s', ([user, kill, only, exclude, verdict], context) => {
    const settings = `KillOnlyUsers=${only}\nKillExcludeUsers=${exclude}\nKillUserProcesses=${kill}\n`;
    const lines = 'read_kill_settings; echo "$logout_kills"';
    expect(run(context, shell, LOGOUT_FUNCTIONS, lines, { SETTINGS: settings, login_user: user })).toBe(verdict);
  });

  test('a logind that does not answer leaves it unknown', (context) => {
    const lines = 'login_user=deploy; read_kill_settings; echo "$logout_kills"';
    expect(run(context, shell, LOGOUT_FUNCTIONS, lines, {})).toBe('unknown');
  });

  test.for([
    ['0::/user.slice/user-1000.slice/session-313.scope', 'session-313.scope'],
    ['9:name=systemd:/user.slice/user-1000.slice/session-c1.scope\n0::/', 'session-c1.scope'],
    ['0::/user.slice/user-1000.slice/user@1000.service/app.slice/outlast-web-1-ab.scope', 'user@1000.service'],
    ['0::/system.slice/ssh.service', ''],
    ['0::/', ''],
  ])('a process in %j is held by %j', ([cgroups, unit], context) => {
    const lines = 'read_login_unit; echo "$login_unit"';
    expect(run(context, shell, LOGOUT_FUNCTIONS, lines, { CGROUPS: cgroups })).toBe(unit);
  });

  test.for([
    ['session-3.scope', 'deactivating', 'running', 'yes'],
    ['session-3.scope', 'deactivating', 'stopping', 'no'],
    ['session-3.scope', 'active', 'running', 'no'],
    ['session-4.scope', 'deactivating', 'running', 'no'],
  ])('%s being %s in a system that is %s: is it a logout? %s', ([unit, active, system, verdict], context) => {
    const env = { CGROUPS: '0::/user.slice/session-3.scope', UNIT: unit, ACTIVE: active, SYSTEM: system };
    expect(run(context, shell, IS_LOGOUT_FUNCTIONS, 'if is_logout; then echo yes; else echo no; fi', env)).toBe(
      verdict,
    );
  });
});
