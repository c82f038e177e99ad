import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  attachComposeHosts,
  type ComposeHostName,
  type HostFacts,
  type Laptop,
  runOrThrow,
  type TestHost,
  varyHost,
} from '@outlast/test-fixtures';
import { inject, onTestFinished, type TestContext } from 'vitest';
import { askInProcess } from '../in-process.js';
import { ask as askAsProcess } from '../program-lab.js';
import type { Answer } from './answer.js';
import { killAll } from './remote-processes.js';

/** The hosts, or why there are none. */
type DockerHosts = { readonly missing: string } | { readonly facts: Readonly<Record<ComposeHostName, HostFacts>> };

declare module 'vitest' {
  interface ProvidedContext {
    docker: DockerHosts;
  }
}

/** Skips the test with the reason where no containers can be run. */
export function needDocker(context: TestContext): void {
  const docker = inject('docker');
  if ('missing' in docker) context.skip(docker.missing);
}

/** Skips the test with the reason where no containers can be run, or none with systemd in it. */
export function needSystemd(context: TestContext): void {
  const docker = inject('docker');
  const missing = 'missing' in docker ? docker.missing : docker.facts.systemd.missing;
  if (missing !== undefined) context.skip(missing);
}

/** A dockerized host as its usual user. */
export function getHost(name: ComposeHostName): TestHost {
  const docker = inject('docker');
  if ('missing' in docker) throw new Error(docker.missing);
  return attachComposeHosts(docker.facts)[name];
}

// Both files of users are changed by several test processes at once.
const ADD_USER = `
until mkdir /run/adding-user 2>/dev/null; do sleep 0.1; done
trap 'rmdir /run/adding-user' EXIT
if command -v useradd >/dev/null; then
  useradd --create-home --shell "$(command -v "$2")" "$1"
else
  id=$((2000 + $(wc -l </etc/passwd)))
  echo "$1:x:$id:$id::/home/$1:/bin/$2" >>/etc/passwd
  echo "$1:x:$id:" >>/etc/group
  echo "$1:*:19000:0:99999:7:::" >>/etc/shadow
  cp -R /home/ash "/home/$1"
  rm -rf "/home/$1/.local"
  chown -R "$id:$id" "/home/$1"
fi`;

/** A dockerized host as a user of its own, whose processes end with the test. */
export async function makeUser(name: ComposeHostName, shell = name === 'busybox' ? 'ash' : 'bash'): Promise<TestHost> {
  const host = getHost(name);
  const user = `u${randomBytes(4).toString('hex')}`;
  await runAsRoot(host, ADD_USER, user, shell);
  const own = varyHost(host, { user, stateDir: `/home/${user}/.local/state/outlast` });
  onTestFinished(() => killAll(own));
  return own;
}

/** One user each on several hosts. */
export function makeUsers(...names: ComposeHostName[]): Promise<TestHost[]> {
  return Promise.all(names.map((name) => makeUser(name)));
}

/** Where this machine reaches PyPI through somebody who has certificates of its own, so have the servers to. */
export async function giveCertificates(host: TestHost): Promise<void> {
  const certificates = await readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '');
  if (certificates === '' || host.access.kind !== 'container') return;
  const { docker, container } = host.access;
  const write = 'mkdir -p /etc/ssl/certs && cat >/etc/ssl/certs/ca-certificates.crt';
  await runOrThrow([docker, 'exec', '-i', '--user', 'root', container, '/bin/sh', '-ec', write], {
    input: certificates,
  });
  await runAsRoot(host, 'printf "[global]\\ncert = /etc/ssl/certs/ca-certificates.crt\\n" >/etc/pip.conf');
}

/** Runs a `/bin/sh` line in the container of a host as root; the words are its `$1`, `$2` and so on. */
export function runAsRoot({ access }: HostFacts, line: string, ...words: string[]): Promise<string> {
  if (access.kind !== 'container') throw new Error('the host is no container');
  const argv = [access.docker, 'exec', '--user', 'root', access.container, '/bin/sh', '-ec', line, 'sh', ...words];
  return runOrThrow(argv);
}

/** Runs a verb with `--json` on the hosts, inside this process, and reads its document: where the question is what the host makes of it. */
export function ask(
  laptop: Laptop,
  hosts: readonly HostFacts[],
  verb: string,
  ...words: readonly string[]
): Promise<Answer> {
  return askBy(askInProcess, laptop, [verb, '-H', nameAll(hosts), ...words]);
}

/** The same by the real program, in a process of its own: where the question is what becomes of it, or whether it is whole. */
export function askProgram(
  laptop: Laptop,
  hosts: readonly HostFacts[],
  verb: string,
  ...words: readonly string[]
): Promise<Answer> {
  return askBy(askAsProcess, laptop, [verb, '-H', nameAll(hosts), ...words]);
}

const nameAll = (hosts: readonly HostFacts[]) => hosts.map(({ alias }) => alias).join(',');

async function askBy(
  run: typeof askAsProcess | typeof askInProcess,
  laptop: Laptop,
  words: readonly string[],
): Promise<Answer> {
  const { document, exitCode, stderr } = await run(laptop, words);
  const { ok, outcomes } = document;
  return { ok, outcomes, exitCode, stderr };
}
