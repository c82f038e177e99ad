import { type ErrorCode, OutlastError, quoteWord } from '@outlast/core';
import type { HostSettings } from './configuration/host-settings.js';
import { buildExhaustedError, isExhausted } from './exhaustion.js';

/** Tells an error of ours by its code. */
export function isCode(error: unknown, code: ErrorCode): error is OutlastError {
  return error instanceof OutlastError && error.code === code;
}

/** Formats an endpoint for people: `web1 port 22`. */
export function formatEndpoint({ hostname, port }: { hostname: string; port: number }): string {
  return `${hostname} port ${port}`;
}

/** Formats a host for people, with its endpoint where its name does not say it: `web1 (192.0.2.1 port 22)`. */
export function formatHost(name: string, endpoint: { hostname: string; port: number }): string {
  return name === endpoint.hostname ? formatEndpoint(endpoint) : `${name} (${formatEndpoint(endpoint)})`;
}

/** Formats what a person types to reach the host as we do; `flags` stand first and so win. */
export function formatSshCommand({ sshArgs }: Pick<HostSettings, 'sshArgs'>, ...flags: readonly string[]): string {
  return ['ssh', ...flags, ...sshArgs].map(quoteWord).join(' ');
}

// A server that has too many connections may reset one before we know that it stands.
const RESETS = new Set(['ECONNRESET', 'EPIPE']);

/** Maps what dialling failed with to a documented code. */
export function buildDialError(error: Error, endpoint: { hostname: string; port: number }): OutlastError {
  if (isExhausted(error)) return buildExhaustedError(error);
  const errno = readErrno(error);
  const where = formatEndpoint(endpoint);
  if (RESETS.has(errno)) return buildThrottledError(where, '');
  const [code, message, hint] = describeDialError(errno, where, endpoint.hostname) ?? [
    'E_CONNECT_CLOSED' as const,
    `connecting to ${where} failed: ${errno || error.message}`,
    'try it by hand with ssh -v',
  ];
  return new OutlastError(code, message, { hint, cause: error });
}

// Several addresses that failed arrive as one AggregateError, whose own code is that of the first.
function readErrno(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : undefined;
  const code = (error as NodeJS.ErrnoException).code ?? (first as NodeJS.ErrnoException | undefined)?.code;
  return code ?? '';
}

function describeDialError(errno: string, where: string, hostname: string): [ErrorCode, string, string] | undefined {
  switch (errno) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return ['E_RESOLVE', `the name ${hostname} has no address`, 'check the spelling, the DNS or the HostName'];
    case 'ECONNREFUSED':
      return ['E_CONNECT_REFUSED', `${where} refused the connection`, 'is sshd running there, on that port?'];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'EADDRNOTAVAIL':
      return [
        'E_CONNECT_UNREACHABLE',
        `${where} cannot be reached (${errno})`,
        'check the network, the route, the VPN',
      ];
    case 'EACCES':
    case 'EPERM':
      return ['E_CONNECT_REFUSED', `a local firewall forbids ${where}`, 'allow outgoing connections to that port'];
    case 'ETIMEDOUT':
      return ['E_CONNECT_TIMEOUT', `${where} did not answer`, 'check the address, the network and the firewall'];
    default:
      return undefined;
  }
}

/** Builds the error for a server that turned the connection away before its banner; the only one that is retried. `text` is what it said. */
export function buildThrottledError(where: string, text: string): OutlastError {
  const said = text === '' ? 'without a word' : `saying ${JSON.stringify(text)}`;
  return new OutlastError('E_THROTTLED', `${where} closed the connection before its banner, ${said}`, {
    hint: describeThrottle(text),
  });
}

// sshd's words for MaxStartups; since 9.8 it says the other ones, for that and for PerSourcePenalties.
const TOO_MANY = /^Exceeded MaxStartups/;
const NOT_NOW = /^Not allowed at this time/;

/** True for the words with which sshd turns somebody away before its banner. */
export function isThrottleLine(text: string): boolean {
  return TOO_MANY.test(text) || NOT_NOW.test(text);
}

function describeThrottle(text: string): string {
  if (TOO_MANY.test(text)) {
    return 'it has too many connections at once: lower --parallel, or raise MaxStartups in its sshd_config';
  }
  if (NOT_NOW.test(text)) {
    return 'it bans this address for a while after failed logins: wait (PerSourcePenalties in its sshd_config); or it has too many connections at once: lower --parallel (MaxStartups)';
  }
  return 'too many connections at once (--parallel, MaxStartups), a firewall or TCP wrapper, or a forwarder with nothing behind it: the log of sshd there says which';
}

/** Builds the error for something that is no SSH 2 server; `text` is what it said. */
export function buildNotSshError(where: string, text: string): OutlastError {
  const said = text === '' ? '' : `: it said ${JSON.stringify(text.slice(0, 120))}`;
  return new OutlastError('E_NOT_SSH', `${where} is no SSH server${said}`, {
    hint: 'check the port, for example with HostName and Port in the ssh configuration or host:port',
  });
}

/** How a server ended the authentication, though there may have been more to try. */
export interface HangUp {
  /** With the one that it hung up on. */
  readonly tries: number;
  /** As the server put it. */
  readonly words: string;
}

/** Formats for people how a server ended the authentication. */
export function formatHangUp({ tries, words }: HangUp): string {
  return `it hung up after ${tries} ${tries === 1 ? 'try' : 'tries'}, saying ${JSON.stringify(words.slice(0, 200))}`;
}

/** What to do where there are more keys than a server lets anybody try. */
export const NAME_THE_KEY = 'name the key that fits with -i KEY -o IdentitiesOnly=yes';

/** What to do about a server that hangs up. */
export const HANG_UP_HINT = `${NAME_THE_KEY}, or raise MaxAuthTries in its sshd_config`;

/** How far a session had come when it failed. */
export type SessionPhase = 'key exchange' | 'authentication';

/** Maps what ssh2 failed with before the session was authenticated. */
export function buildSessionError(error: Error | undefined, settings: HostSettings, phase: SessionPhase): OutlastError {
  if (error instanceof OutlastError) return error;
  const where = formatEndpoint(settings);
  const { level, code } = (error ?? {}) as { level?: string; code?: unknown };
  const message = error?.message ?? '';
  // ssh2 tells this case by its text alone; reason 3 is the server's word for the same.
  if ((level === 'handshake' && /no matching/.test(message)) || (phase === 'key exchange' && code === 3)) {
    return new OutlastError('E_NO_COMMON_ALGORITHM', `${where} and outlast share no algorithm: ${message}`, {
      hint: 'OpenSSH may know one: --transport openssh; or update sshd there (see ssh -vv)',
      cause: error,
    });
  }
  const why = message === '' ? '' : `: ${message}`;
  return new OutlastError('E_CONNECT_CLOSED', `${where} closed the connection during ${phase}${why}`, {
    hint: formatClosedHint(settings),
    cause: error,
  });
}

/** Formats what to do about a server that closes the connection, which it says nothing about to us. */
export function formatClosedHint(settings: HostSettings): string {
  return `the log of sshd on the host says why; try it by hand: ${formatSshCommand(settings, '-v')}`;
}

/** Adds the host, and the hop at which it failed, to an error that names none yet. */
export function addHost(error: unknown, host: string, via?: string): OutlastError {
  if (isExhausted(error)) return addHost(buildExhaustedError(error), host, via);
  const known = error instanceof OutlastError ? error : undefined;
  const details = {
    ...known?.details,
    host,
    ...(via === undefined || known?.details.via !== undefined ? {} : { via }),
    cause: known === undefined ? error : known.details.cause,
  };
  if (known !== undefined) return new OutlastError(known.code, known.message, details);
  const message = error instanceof Error ? error.message : String(error);
  return new OutlastError('E_INTERNAL', `connecting failed: ${message}`, details);
}

/** Adds the host to an error, and the words by which its text may call this host alone. */
export function addOwnHost(error: unknown, name: string, settings: HostSettings): OutlastError {
  const named = addHost(error, name);
  const { destination, hostname, hostKeyAlias, port } = settings;
  const names = new Set([name, destination, hostname, ...(hostKeyAlias === null ? [] : [hostKeyAlias])]);
  return new OutlastError(named.code, named.message, { ...named.details, own: { names: [...names], port } });
}
