import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { KeyPair } from './keys.js';
import { lookupUser } from './local-users.js';
import { type ProgramResult, runProgram } from './run-program.js';

/** How to look at a host without outlast, and without SSH. */
export type Access =
  | {
      readonly kind: 'local';
      /** The login user; only root can look as somebody else. */
      readonly user: string;
      readonly home: string;
      readonly env: Readonly<Record<string, string>>;
      readonly logPath: string;
    }
  | {
      readonly kind: 'container';
      readonly docker: string;
      readonly container: string;
      /** Its server logs to systemd's journal. */
      readonly journal?: boolean;
    };

/** All that is known of a host, as plain JSON: it can travel to another process. */
export interface HostFacts {
  /** The name to use with `-H`; every laptop's ssh configuration knows it. */
  readonly alias: string;
  /** Where it listens, seen from this machine, or from the jump host when there is one. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Public key lines, "ssh-ed25519 AAAA…". */
  readonly hostKeys: readonly string[];
  /** The alias of the host through which alone it can be reached. */
  readonly jump?: string;
  /** The folder on the host in which outlast keeps its state; it need not exist. */
  readonly stateDir: string;
  /** The key that the host lets in. */
  readonly clientKey: KeyPair;
  readonly access: Access;
  /** Why this machine cannot offer the host; left out when it can. */
  readonly missing?: string;
}

/** A host to test against, and the ways to look at it without outlast. */
export interface TestHost extends HostFacts {
  /** Runs a `/bin/sh` line on the host as the login user, out of band: the truth to compare with. */
  run(line: string): Promise<ProgramResult>;
  /** The server's own log. */
  readLog(): Promise<string>;
  /** Ends exactly what was started, and what was left running on the host. An attached host ends nothing. */
  stop(): Promise<void>;
}

/** The parts of a host's facts that a test may want to be different. */
export type HostVariation = Partial<Pick<HostFacts, 'alias' | 'address' | 'port' | 'user' | 'jump' | 'stateDir'>>;

/** Takes the facts out of a host, to hand them to another process. */
export function describeHost(host: HostFacts): HostFacts {
  const { alias, address, port, user, hostKeys, jump, stateDir, clientKey, access, missing } = host;
  const facts = { alias, address, port, user, hostKeys, stateDir, clientKey, access };
  return { ...facts, ...(jump === undefined ? {} : { jump }), ...(missing === undefined ? {} : { missing }) };
}

/** Makes a host from its facts. Its `stop` does nothing: whoever started the host ends it. */
export function attachHost(facts: HostFacts): TestHost {
  return {
    ...describeHost(facts),
    run: (line) => runOutOfBand(facts, line),
    readLog: () => readServerLog(facts.access),
    stop: async () => undefined,
  };
}

/** The same host seen in another way, for example through the port of a proxy, or as another user. */
export function varyHost(host: HostFacts, changes: HostVariation): TestHost {
  return attachHost({ ...describeHost(host), ...changes });
}

async function runOutOfBand(facts: HostFacts, line: string): Promise<ProgramResult> {
  const { access } = facts;
  if (access.kind === 'container') {
    const user = ['--user', facts.user];
    return runProgram([access.docker, 'exec', ...user, access.container, '/bin/sh', '-c', `cd; ${line}`]);
  }
  const argv = ['/bin/sh', '-c', line];
  // As sshd does for a user without a home.
  const own = { cwd: existsSync(access.home) ? access.home : '/', env: access.env };
  if (access.user === lookupUser().name) return runProgram(argv, own);
  const { uid, gid } = lookupUser(access.user);
  return runProgram(argv, { ...own, uid, gid });
}

async function readServerLog(access: Access): Promise<string> {
  if (access.kind === 'local') return readFile(access.logPath, 'utf8');
  const journal = ['exec', access.container, 'journalctl', '--no-pager', '--unit', 'ssh'];
  const argv = access.journal ? journal : ['logs', access.container];
  const { stdout, stderr } = await runProgram([access.docker, ...argv]);
  return stdout + stderr;
}
