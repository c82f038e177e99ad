import { type TestHost, waitFor } from '@outlast/test-fixtures';
import { onTestFinished } from 'vitest';
import type { ToldApp } from '../document-schema.js';
import { type Answer, readApp } from './answer.js';
import { makeUser, runAsRoot } from './docker-lab.js';

/** A user of the host with logind, whose user manager goes with the test, too. */
export async function makeLogindUser(): Promise<TestHost> {
  const host = await makeUser('systemd');
  onTestFinished(async () => {
    await runAsRoot(host, 'loginctl disable-linger "$1"; loginctl terminate-user "$1" 2>/dev/null || :', host.user);
  });
  return host;
}

/** Lets the user manager of a user live without a login, and waits until it is up. */
export async function enableLinger(host: TestHost): Promise<void> {
  await runAsRoot(host, 'loginctl enable-linger "$1"', host.user);
  await waitFor(() => isManagerUp(host), { what: `the user manager of ${host.user}` });
}

/** Tells whether the user manager of a user runs. */
export async function isManagerUp(host: TestHost): Promise<boolean> {
  return (await askRoot(host, 'systemctl is-active "user@$(id -u "$1").service" || :')) === 'active';
}

/** Waits until logind knows no session of the user that is more than a rest of one. */
export async function waitForLogout(host: TestHost): Promise<void> {
  const line = `loginctl list-sessions --no-legend | while read -r session uid user rest; do
    [ "$user" != "$1" ] || loginctl show-session "$session" -p State --value 2>/dev/null || :
  done`;
  const hasNone = async () => !/active|online|opening/.test(await askRoot(host, line));
  await waitFor(hasNone, { what: `the last logout of ${host.user}` });
}

/** Adds lines to the configuration of logind until the end of the test, or until what is returned is called. */
export async function configureLogind(host: TestHost, lines: string): Promise<() => Promise<void>> {
  const path = `/etc/systemd/logind.conf.d/zz-${host.user}.conf`;
  // A user that nobody is, by whom one can tell which configuration logind has.
  const mark = `mark-${host.user}`;
  await runAsRoot(host, `printf '[Login]\n%s\n' "$2" >"$1"; ${RELOAD}`, path, `KillExcludeUsers=${mark}\n${lines}`);
  await waitFor(() => knowsUser(host, mark), { what: 'logind to read its configuration' });
  const restore = async () => {
    await runAsRoot(host, `rm -f "$1"; ${RELOAD}`, path);
    await waitFor(async () => !(await knowsUser(host, mark)), { what: 'logind to forget what it was told' });
  };
  onTestFinished(restore);
  return restore;
}

const RELOAD = 'systemctl kill --signal HUP systemd-logind';

async function knowsUser(host: TestHost, name: string): Promise<boolean> {
  return (await askRoot(host, 'loginctl show-user -p KillExcludeUsers --value')).split(' ').includes(name);
}

/** The unit that holds a process, as the host's own kernel tells. */
export async function readUnit(host: TestHost, pid: number): Promise<string> {
  const path = await askRoot(host, `sed -n 's/^0:://p' "/proc/$1/cgroup"`, String(pid));
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Tells whether a process is there. */
export async function isThere(host: TestHost, pid: number): Promise<boolean> {
  return (await askRoot(host, '[ ! -d "/proc/$1" ] || echo yes', String(pid))) === 'yes';
}

/** Waits until an app is told to be neither running nor about to be, and gives what is told of it. */
export async function waitForEnd(status: () => Promise<Answer>): Promise<ToldApp> {
  const readEnd = async () => {
    const app = readApp(await status());
    return app.state === 'running' || app.state === 'restarting' ? undefined : app;
  };
  return waitFor(readEnd, { what: 'the end of the app', timeoutMs: 60_000 });
}

/** Runs a `/bin/sh` line as root, with the user in `$1` unless words are given; what it prints, without the last newline. */
async function askRoot(host: TestHost, line: string, ...words: string[]): Promise<string> {
  return (await runAsRoot(host, line, ...(words.length === 0 ? [host.user] : words))).trim();
}
