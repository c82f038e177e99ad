import { hostname } from 'node:os';
import { OutlastError } from '@outlast/core';
import pLimit from 'p-limit';
import type { SshOptions, Target } from '../transport.js';
import type { TransportName } from '../transports.js';
import { type AskSsh, askSsh } from './ask-ssh.js';
import { checkDestinationPart, checkTarget, parseJumpChain } from './destination.js';
import { buildHostSettings, type HostSettings } from './host-settings.js';
import { readLocalUser } from './local-user.js';
import type { RawSettings } from './raw-settings.js';
import { buildTypedArgs, listNamedIdentities } from './reach-arguments.js';
import { shareAnswers } from './shared-answers.js';
import { buildExplicitSettings } from './ssh-config-fallback.js';
import { expandSshPath, expandTokens, type TokenValues } from './ssh-tokens.js';
import { selectSaid } from './unhonoured.js';

const MAX_PARALLEL = 16;
// More than are under way at the same time; all of a large fleet would take more memory than its connections.
const MOST_REMEMBERED = 500;
// What /bin/sh would take for more than a word, should a name of the configuration hold it.
const UNSAFE_IN_SHELL = /[^\p{L}\p{N}@%+=:,./_[\]-]/u;

/** Where the configuration is read from. */
export interface ConfigSource {
  readonly sshOptions: SshOptions;
  /** Environment in which `ssh` is looked up and run. */
  readonly env: NodeJS.ProcessEnv;
  /** What will speak SSH to the hosts; `ssh2` unless given. */
  readonly transport?: TransportName;
  /** Told once, where there is no `ssh` on PATH, and once for each keyword that would matter and has no effect. */
  warn?(message: string): void;
  /** What counts where there is no `ssh` on PATH; `sshOptions` unless given. */
  readonly explicitOptions?: SshOptions;
}

/** Resolves a target to the way it is reached; `sshOptions` stand in for those of the run. */
export type HostResolver = (target: Target, sshOptions?: SshOptions) => Promise<HostSettings>;

/**
 * Creates a resolver that remembers its latest answers, and asks `ssh -G` once for all hosts that no Host line
 * tells apart.
 */
export function createHostResolver(source: ConfigSource): HostResolver {
  const limit = pLimit(MAX_PARALLEL);
  const ask = shareAnswers((target, options) => limit(() => askSsh(target, options, source.env)));
  const known = new Map<string, Promise<HostSettings>>();
  const warn = createOnceWarner(source);
  const note = (settings: HostSettings): HostSettings => {
    for (const keyword of selectSaid(settings.notHonoured, 'in a run')) warn(formatUnhonoured(keyword));
    return settings;
  };
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
    const key = JSON.stringify([target.destination, target.user, target.port, target.identityFiles, sshOptions]);
    const settings = known.get(key) ?? resolveHost(target, buildSource(sshOptions), ask).then(note);
    known.set(key, settings);
    const [oldest] = known.keys();
    if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest);
    return settings;
  };
}

function createOnceWarner(source: ConfigSource): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (!said.has(message)) source.warn?.(message);
    said.add(message);
  };
}

function formatUnhonoured(keyword: string): string {
  return `${keyword} of the ssh configuration has no effect here; outlast hosts -v shows for which hosts it is set`;
}

/**
 * Resolves one target through `ssh -G`, or from the flags alone where there is no `ssh`.
 *
 * @throws OutlastError `E_USAGE` for a name that is none, `E_CONFIG` with ssh's own message for what ssh refuses.
 */
export async function resolveHost(
  target: Target,
  source: ConfigSource,
  ask: AskSsh = (one, options) => askSsh(one, options, source.env),
): Promise<HostSettings> {
  checkTarget(target);
  const options = source.sshOptions;
  if (options.user !== undefined) checkDestinationPart(options.user, 'user');
  parseJumpChain(options.jump ?? '');
  const raw = (await ask(target, options))?.raw ?? buildFallback(target, source);
  return finishSettings(target, keepExplicitIdentities(raw, listNamedIdentities(target, options)), source);
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
function keepExplicitIdentities(raw: RawSettings, named: readonly string[]): RawSettings {
  const found = raw.get('identityfile') ?? [];
  const missing = named.filter((file) => !found.includes(file));
  return missing.length === 0 ? raw : new Map([...raw, ['identityfile', [...missing, ...found]]]);
}

function finishSettings(target: Target, raw: RawSettings, source: ConfigSource): HostSettings {
  const values = buildTokenValues(target, raw);
  return buildHostSettings(raw, {
    destination: target.destination,
    transport: source.transport,
    sshArgs: buildTypedArgs(target, source.sshOptions),
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
