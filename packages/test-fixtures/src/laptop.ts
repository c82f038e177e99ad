import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startGuardian } from './guardian.js';
import type { KeyPair } from './keys.js';
import { endProcessesOf } from './leftover-processes.js';
import { lookupUser } from './local-users.js';
import { type ProgramResult, type RunOptions, runProgram, spawnProgram } from './run-program.js';
import { buildKnownHosts, buildSshConfig, formatDestination } from './ssh-files.js';
import type { HostFacts } from './test-host.js';

/** What a laptop shall have. */
export interface LaptopOptions {
  /** The program under test, for example `[process.execPath, '/path/to/bin.js']`. */
  readonly program?: readonly string[];
  /** A key to use for all hosts in place of the one that each of them lets in. */
  readonly clientKey?: KeyPair;
  /** More environment for everything that runs there. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A home of its own with an identity, an ssh configuration and a known_hosts that know the given hosts. */
export interface Laptop {
  readonly home: string;
  /** Path of the file to give to `-F`. */
  readonly sshConfig: string;
  /** Path of the known_hosts file. */
  readonly knownHosts: string;
  /** The whole environment of what runs there. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs any program there; its working folder is the home. */
  run(argv: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** Starts any program there without waiting; its streams are pipes unless `options` say otherwise. */
  spawn(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Runs the program under test: a verb, then whatever follows; `-F` is put right behind the verb. */
  outlast(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** Starts the program under test without waiting. */
  spawnOutlast(args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** The whole argv of the program under test for these arguments. */
  argvOf(args: readonly string[]): string[];
  /** The flags by which a host is reached where there is no `ssh` and so no one to read the configuration. */
  sshFlags(host: HostFacts): string[];
  /** What to give to `-H` together with `sshFlags`: `user@address:port`. */
  destination(host: HostFacts): string;
  /** Kills what still runs there and removes the home. */
  remove(): Promise<void>;
}

/** Makes a laptop that knows `hosts` by their aliases; it needs no OpenSSH. */
export async function createLaptop(hosts: readonly HostFacts[], options: LaptopOptions = {}): Promise<Laptop> {
  refuseTwins(hosts);
  const home = await mkdtemp(join(tmpdir(), 'outlast-laptop-'));
  const guardian = startGuardian(home);
  const sshFolder = join(home, '.ssh');
  const sshConfig = join(sshFolder, 'config');
  const knownHosts = join(sshFolder, 'known_hosts');
  const env = { ...buildLaptopEnv(home), ...options.env };
  for (const folder of [sshFolder, env.XDG_STATE_HOME, env.XDG_CONFIG_HOME]) {
    if (folder !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const keyFiles = await writeKeyFiles(sshFolder, hosts, options.clientKey);
  const keyFileOf = (host: HostFacts) => keyFiles.get(keyOf(host, options.clientKey)) ?? '';
  await writeFile(sshConfig, buildSshConfig(hosts, { knownHosts, keyFileOf }), { mode: 0o600 });
  await writeFile(knownHosts, buildKnownHosts(hosts), { mode: 0o600 });

  const argvOf = (args: readonly string[]) => buildOutlastArgv(options.program, sshConfig, args);
  const forRun = (given: RunOptions = {}) => ({ cwd: home, ...given, env: { ...env, ...given.env } });
  const spawn: Laptop['spawn'] = (argv, given) =>
    spawnProgram(argv, { cwd: home, ...given, env: { ...env, ...given?.env } });
  return {
    home,
    sshConfig,
    knownHosts,
    env,
    run: (argv, given) => runProgram(argv, forRun(given)),
    spawn,
    outlast: (args, given) => runProgram(argvOf(args), forRun(given)),
    spawnOutlast: (args, given) => spawn(argvOf(args), given),
    argvOf,
    sshFlags: (host) => buildSshFlags(keyFileOf(host), knownHosts),
    destination: formatDestination,
    async remove() {
      await endProcessesOf(home);
      await rm(home, { recursive: true, force: true });
      await guardian.dismiss();
    },
  };
}

function buildLaptopEnv(home: string): NodeJS.ProcessEnv {
  const { name } = lookupUser();
  return {
    HOME: home,
    USER: name,
    LOGNAME: name,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local/share'),
    // The Node that runs the tests runs the program, wherever it is installed.
    PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LANG: 'C.UTF-8',
    TERM: 'dumb',
  };
}

function buildOutlastArgv(
  program: readonly string[] | undefined,
  sshConfig: string,
  args: readonly string[],
): string[] {
  if (program === undefined) throw new Error('this laptop was made without a program to test');
  const [verb, ...rest] = args;
  if (verb === undefined || verb.startsWith('-')) return [...program, ...args];
  // Right behind the verb, since an argv of the user's own may follow further on.
  return [...program, verb, '-F', sshConfig, ...rest];
}

function buildSshFlags(keyFile: string, knownHosts: string): string[] {
  const options = [`UserKnownHostsFile=${knownHosts}`, 'GlobalKnownHostsFile=/dev/null', 'IdentitiesOnly=yes'];
  return ['-i', keyFile, ...options.flatMap((option) => ['-o', option])];
}

async function writeKeyFiles(
  folder: string,
  hosts: readonly HostFacts[],
  override: KeyPair | undefined,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const host of hosts) {
    const pair = override ?? host.clientKey;
    if (files.has(pair.privateKey)) continue;
    const path = join(folder, files.size === 0 ? 'id_test' : `id_test_${files.size + 1}`);
    await writeFile(path, pair.privateKey, { mode: 0o600 });
    await writeFile(`${path}.pub`, `${pair.publicKey}\n`, { mode: 0o644 });
    files.set(pair.privateKey, path);
  }
  return files;
}

function keyOf(host: HostFacts, override: KeyPair | undefined): string {
  return (override ?? host.clientKey).privateKey;
}

function refuseTwins(hosts: readonly HostFacts[]): void {
  const aliases = hosts.map((host) => host.alias);
  const twin = aliases.find((alias, index) => aliases.indexOf(alias) !== index);
  if (twin !== undefined) throw new Error(`two hosts are called ${twin}: give one of them another alias`);
}
