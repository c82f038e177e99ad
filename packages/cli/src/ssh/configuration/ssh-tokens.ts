import { createHash } from 'node:crypto';

/** What ssh's %-tokens stand for; see TOKENS in `ssh_config(5)`. */
export interface TokenValues {
  /** Home folder of the user database. */
  readonly home: string;
  readonly localUser: string;
  readonly localUid: number;
  readonly localHost: string;
  /** The name that was asked for. */
  readonly originalHost: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | null;
  readonly jump: string | null;
}

/** Expands `%h`, `%p` and the like; an unknown token stays as it is. */
export function expandTokens(text: string, values: TokenValues): string {
  return text.replace(/%(.)/g, (token, letter: string) => lookupToken(letter, values) ?? token);
}

/** Expands `~`, `%`-tokens and `${VARIABLE}` in a path, in ssh's order. A variable that is not set stays as it is. */
export function expandSshPath(path: string, values: TokenValues, env: NodeJS.ProcessEnv): string {
  const withVariables = path.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => env[name] ?? whole);
  return expandTokens(expandTilde(withVariables, values.home), values);
}

// `~other/…` is left alone: the user database of others cannot be read without a child process.
function expandTilde(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path;
}

function lookupToken(letter: string, values: TokenValues): string | undefined {
  const { originalHost, hostname, port, user, localHost, jump } = values;
  const tokens: Record<string, string> = {
    '%': '%',
    d: values.home,
    h: hostname,
    i: String(values.localUid),
    j: jump ?? '',
    k: values.hostKeyAlias ?? originalHost,
    L: localHost.split('.')[0] ?? localHost,
    l: localHost,
    n: originalHost,
    p: String(port),
    r: user,
    u: values.localUser,
  };
  if (letter === 'C') {
    const parts = `${localHost}${hostname}${port}${user}${jump ?? ''}`;
    return createHash('sha1').update(parts).digest('hex');
  }
  return Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
}
