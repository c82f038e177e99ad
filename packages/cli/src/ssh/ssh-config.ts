import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import { checkDestinationPart, checkTarget, parseJumpChain } from './destination.js';
import { buildHostSettings, type HostSettings, parseSshConfigOutput, type RawSettings } from './host-settings.js';
import { readLocalUser } from './local-user.js';
import { buildReachArgs } from './reach-arguments.js';
import { buildExplicitSettings } from './ssh-config-fallback.js';
import { expandSshPath, expandTokens, type TokenValues } from './ssh-tokens.js';
import type { SshOptions, Target } from './transport.js';

// `ssh -G` opens no connection; only a `Match exec` of the user's own can take long.
const SSH_G_TIMEOUT_MS = 30_000;
const MAX_PARALLEL = 16;
// What /bin/sh would take for more than a word, should a name of the configuration hold it.
const UNSAFE_IN_SHELL = /[^\p{L}\p{N}@%+=:,./_[\]-]/u;

/** Where the configuration is read from. */
export interface ConfigSource {
  readonly sshOptions: SshOptions;
  /** Environment in which `ssh` is looked up and run. */
  readonly env: NodeJS.ProcessEnv;
  /** Told once, where there is no `ssh` on PATH. */
  warn?(message: string): void;
  /** What counts where there is no `ssh` on PATH; `sshOptions` unless given. */
  readonly explicitOptions?: SshOptions;
}

/** Resolves a target to the way it is reached; `sshOptions` stand in for those of the run. */
export type HostResolver = (target: Target, sshOptions?: SshOptions) => Promise<HostSettings>;

/** Creates a resolver that asks `ssh -G` once for each host and remembers the answer for the run. */
export function createHostResolver(source: ConfigSource): HostResolver {
  const limit = pLimit(MAX_PARALLEL);
  const known = new Map<string, Promise<HostSettings>>();
  const warn = createOnceWarner(source);
  const buildSource = (sshOptions: SshOptions): ConfigSource => ({
    ...source,
    sshOptions,
    warn,
    // Without a configuration file there is no other place where a hop's key could be named.
    explicitOptions: {
      ...sshOptions,
      identityFiles: source.sshOptions.identityFiles,
      options: source.sshOptions.options,
    },
  });
  return (target, sshOptions = source.sshOptions) => {
    const key = JSON.stringify([target.destination, target.user, target.port, sshOptions]);
    const settings = known.get(key) ?? limit(() => resolveHost(target, buildSource(sshOptions)));
    known.set(key, settings);
    return settings;
  };
}

function createOnceWarner(source: ConfigSource): (message: string) => void {
  let done = false;
  return (message) => {
    if (!done) source.warn?.(message);
    done = true;
  };
}

/**
 * Resolves one target through `ssh -G`, or from the flags alone where there is no `ssh`.
 *
 * @throws OutlastError `E_USAGE` for a name that is none, `E_CONFIG` with ssh's own message for what ssh refuses.
 */
export async function resolveHost(target: Target, source: ConfigSource): Promise<HostSettings> {
  checkTarget(target);
  const options = source.sshOptions;
  if (options.user !== undefined) checkDestinationPart(options.user, 'user');
  parseJumpChain(options.jump ?? '');
  const output = await runSshG(['-G', ...buildReachArgs(target, options)], source.env);
  const raw = output === undefined ? buildFallback(target, source) : parseSshConfigOutput(output);
  return finishSettings(target, keepExplicitIdentities(raw, options), source);
}

/** Undefined where there is no `ssh` on PATH. */
function runSshG(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...env, LC_ALL: 'C' }, timeout: SSH_G_TIMEOUT_MS, maxBuffer: 4 << 20 };
    execFile('ssh', args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(buildConfigError(error, stderr));
    });
  });
}

function buildConfigError(error: Error & { killed?: boolean }, stderr: string): OutlastError {
  if (error.killed === true) {
    return new OutlastError('E_CONFIG', `ssh -G did not answer within ${SSH_G_TIMEOUT_MS / 1000} s`, {
      hint: 'a "Match exec" of the ssh configuration may hang: run ssh -G with the host by hand',
      cause: error,
    });
  }
  const noise = /^(?:Pseudo-terminal will not|Warning: )/;
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '' && !noise.test(line));
  return new OutlastError('E_CONFIG', `ssh refuses its configuration: ${lines.join('; ') || error.message}`, {
    hint: 'correct the ssh configuration file, or the flags -F, -l, -i, -J, -o',
    cause: error,
  });
}

function buildFallback(target: Target, source: ConfigSource): RawSettings {
  const { configFile } = source.sshOptions;
  if (configFile !== undefined && configFile.toLowerCase() !== 'none') {
    throw new OutlastError('E_CONFIG', `${configFile} cannot be read: there is no ssh program on PATH`, {
      hint: 'install the OpenSSH client, or leave -F away and give -l, -i and -o',
    });
  }
  if (source.sshOptions.configFile !== 'none')
    source.warn?.('no ssh program on PATH: ~/.ssh/config is not read, only the flags -l, -i, -J and -o count');
  return buildExplicitSettings(target, source.explicitOptions ?? source.sshOptions);
}

// ssh drops an `-i` file that it cannot find; we keep it, so that a failed authentication can name it.
function keepExplicitIdentities(raw: RawSettings, options: SshOptions): RawSettings {
  const found = raw.get('identityfile') ?? [];
  const missing = options.identityFiles.filter((file) => !found.includes(file));
  return new Map([...raw, ['identityfile', [...missing, ...found]]]);
}

function finishSettings(target: Target, raw: RawSettings, source: ConfigSource): HostSettings {
  const values = buildTokenValues(target, raw);
  return buildHostSettings(raw, {
    destination: target.destination,
    expandPath: (path) => expandSshPath(path, values, source.env),
    expandProxyCommand: (line) => expandProxyCommand(line, values),
    authSock: source.env.SSH_AUTH_SOCK || undefined,
    readEnv: (name) => source.env[name] || undefined,
  });
}

function expandProxyCommand(line: string, values: TokenValues): string {
  for (const name of [values.originalHost, values.hostname, values.user]) {
    if (UNSAFE_IN_SHELL.test(name) || name.startsWith('-')) {
      throw new OutlastError('E_CONFIG', `${JSON.stringify(name)} is not put into a ProxyCommand`, {
        hint: 'a name that the shell could read as more than a word never reaches it: correct HostName or User',
      });
    }
  }
  return expandTokens(line, values);
}

function buildTokenValues(target: Target, raw: RawSettings): TokenValues {
  const local = readLocalUser();
  const read = (keyword: string): string | undefined => raw.get(keyword)?.[0];
  return {
    home: local.home,
    localUser: local.name,
    localUid: local.uid,
    localHost: hostname(),
    originalHost: target.destination,
    hostname: read('hostname') ?? target.destination,
    port: Number(read('port') ?? 22),
    user: read('user') ?? local.name,
    hostKeyAlias: read('hostkeyalias') ?? null,
    jump: read('proxyjump') ?? null,
  };
}
