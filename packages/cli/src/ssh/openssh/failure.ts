import type { ErrorCode } from '@outlast/core';
import { type HangUp, isThrottleLine } from '../connect-errors.js';
import { splitLog } from './log-stages.js';

/**
 * What `ssh` itself says, in English (LC_ALL=C) and at LogLevel DEBUG1: it has one exit code for everything that goes wrong
 * with a connection. All that is read from its words is read here. They decide what an error is called and whether a
 * throttled server is asked again, never whom we trust: that ssh has done before it says so. Each is read where ssh itself
 * may say it (`splitLog`), as others write to the same stderr.
 */

/** Why no connection came about. */
export interface OpensshFailure {
  readonly code: ErrorCode;
  /** The part of ssh's words that says more; empty where there is none. */
  readonly said: string;
}

/** How a failure is read, within one stage. */
interface Rule {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
}

// In this order: what stands first is what the others follow from.
const KEY_EXCHANGE_RULES: readonly Rule[] = [
  { pattern: /^(Protocol major versions differ: .*)$/m, code: 'E_NOT_SSH' },
  { pattern: /^(The .* host key for .* is marked as revoked)\.$/m, code: 'E_HOST_KEY_REVOKED' },
  { pattern: /^(Host key .* revoked by file .*)$/m, code: 'E_HOST_KEY_REVOKED' },
  { pattern: /^(Error checking host key .* in revoked keys file .*)$/m, code: 'E_CONFIG' },
  { pattern: /^@ +WARNING: (REMOTE HOST IDENTIFICATION HAS CHANGED)! +@$/m, code: 'E_HOST_KEY_CHANGED' },
  { pattern: /^(No .* host key is known for .*)$/m, code: 'E_HOST_KEY_UNKNOWN' },
  { pattern: /^(Host key verification failed)\.$/m, code: 'E_HOST_KEY_UNKNOWN' },
  { pattern: /^Unable to negotiate with .*: (no matching .*)$/m, code: 'E_NO_COMMON_ALGORITHM' },
];

const LOGIN_RULES: readonly Rule[] = [
  { pattern: /^.*: Permission denied \((.*)\)\.$/m, code: 'E_AUTH' },
  { pattern: /^Received disconnect from .*: (Too many authentication failures.*)$/m, code: 'E_AUTH' },
];

// As the libraries of Linux, macOS and the BSDs put it.
const ERRNOS: Readonly<Record<string, string>> = {
  'Connection refused': 'ECONNREFUSED',
  'Permission denied': 'EACCES',
  'Operation not permitted': 'EPERM',
  'Network is unreachable': 'ENETUNREACH',
  'Network unreachable': 'ENETUNREACH',
  'Network is down': 'ENETDOWN',
  'No route to host': 'EHOSTUNREACH',
  'Host is unreachable': 'EHOSTUNREACH',
  'Host is down': 'EHOSTDOWN',
  'Cannot assign requested address': 'EADDRNOTAVAIL',
  "Can't assign requested address": 'EADDRNOTAVAIL',
  'Address not available': 'EADDRNOTAVAIL',
  'Connection timed out': 'ETIMEDOUT',
  'Operation timed out': 'ETIMEDOUT',
  'Connection reset by peer': 'ECONNRESET',
  'Broken pipe': 'EPIPE',
};

/** Reads what dialling failed with, as Node has it; undefined where it did not fail. Over a ProxyCommand ssh dials nothing: whoever says so there is not ours. */
export function readDialError(log: string): NodeJS.ErrnoException | undefined {
  const { dialling, isProxied } = splitLog(log);
  if (isProxied) return undefined;
  const unresolved = /^ssh: Could not resolve hostname .*$/m.exec(dialling)?.[0];
  if (unresolved !== undefined) return Object.assign(new Error(unresolved), { code: 'ENOTFOUND' });
  const words = /^ssh: connect to host .* port \d+: (.*)$/m.exec(dialling)?.[1];
  if (words === undefined) return undefined;
  const code = ERRNOS[words];
  return Object.assign(new Error(words), code === undefined ? {} : { code });
}

/** Reads from the log of an ssh that has ended why it did so, where it was not that dialling failed. */
export function readFailure(log: string): OpensshFailure {
  const { dialling, keyExchange, login } = splitLog(log);
  if (login !== '') return applyRules(LOGIN_RULES, login);
  if (keyExchange !== '') return applyRules(KEY_EXCHANGE_RULES, keyExchange);
  return readEarlyEnd(dialling);
}

function applyRules(rules: readonly Rule[], text: string): OpensshFailure {
  for (const { pattern, code } of rules) {
    const match = pattern.exec(text);
    if (match !== null) return { code, said: match[1] ?? '' };
  }
  return { code: 'E_CONNECT_CLOSED', said: findLastWords(text) };
}

function readEarlyEnd(dialling: string): OpensshFailure {
  // A ProxyCommand ends before the ssh that it serves, which so says this last.
  const verdict = [...dialling.matchAll(/^kex_exchange_identification: (.*)$/gm)].at(-1)?.[1] ?? '';
  if (/^(?:banner line |No SSH )/.test(verdict)) return { code: 'E_NOT_SSH', said: verdict };
  const foreign = findForeignLine(dialling);
  if (foreign !== undefined) return { code: 'E_NOT_SSH', said: foreign };
  const wasOpen = /^debug1: (?:Connection established|Executing proxy )/m.test(dialling);
  if (wasOpen) return { code: 'E_THROTTLED', said: listBannerLines(dialling)[0] ?? '' };
  return { code: 'E_CONNECT_CLOSED', said: findLastWords(dialling) };
}

/** The first line that came in place of an SSH banner; undefined when there was none. */
export function readForeignLine(log: string): string | undefined {
  return findForeignLine(splitLog(log).dialling);
}

function findForeignLine(dialling: string): string | undefined {
  return listBannerLines(dialling).find((line) => !isThrottleLine(line));
}

function listBannerLines(dialling: string): string[] {
  const lines = dialling.matchAll(/^debug1: kex_exchange_identification: banner line \d+: (.*)$/gm);
  return [...lines].map(([, line]) => line ?? '');
}

/** True when a hop let us in but did not lead on to the host. */
export function isRefusedByHop(log: string): boolean {
  return /^(?:Stdio forwarding request failed|stdio forwarding failed)/m.test(splitLog(log).dialling);
}

/** The key that the host presented, `ssh-ed25519 SHA256:…`. */
export function readHostKey(log: string): string | undefined {
  return /^debug1: Server host key: (\S+ \S+)/m.exec(splitLog(log).keyExchange)?.[1];
}

/** Where the known key stands that differs from the one that was presented. */
export function readOffendingKey(log: string): { file: string; line: string } | undefined {
  const match = /^Offending .* in (.*):(\d+)$/m.exec(splitLog(log).keyExchange);
  return match === null ? undefined : { file: match[1] ?? '', line: match[2] ?? '' };
}

/** The keys that were offered, each as ssh calls it: a file, or the comment of an agent's key. */
export function readOfferedKeys(log: string): string[] {
  const offers = splitLog(log).login.matchAll(/^debug1: Offering public key: (.*?) [A-Z0-9-]+ SHA256:\S+/gm);
  return [...offers].map(([, key]) => key ?? '');
}

/** How the host ended the authentication, and the methods that it accepted until then; undefined where ssh gave up by itself. */
export function readHangUp(log: string): (HangUp & { readonly methods: string }) | undefined {
  const { login } = splitLog(log);
  const words = /^Received disconnect from .*:\d+: (.*)$/m.exec(login)?.[1];
  if (words === undefined) return undefined;
  // The first answers what ssh asks before any try, and nothing but the hang-up answers the last try.
  const answers = [...login.matchAll(/^debug1: Authentications that can continue: (.*)$/gm)];
  return { tries: answers.length, words, methods: answers.at(-1)?.[1] ?? 'nothing' };
}

const STAGES: readonly (readonly [RegExp, string])[] = [
  [/^debug1: (?:Connection established|Executing proxy )/, 'waiting for the banner'],
  [/^debug1: Remote protocol version /, 'exchanging keys'],
  [/^debug1: SSH2_MSG_NEWKEYS received/, 'waiting for the authentication'],
];

/** What ssh does from this line on; undefined when the line does not tell. */
export function readStage(line: string): string | undefined {
  return STAGES.find(([pattern]) => pattern.test(line))?.[1];
}

/** A line by which ssh asks for a touch of a security key, which it does not wait to be told about. */
export function isNotice(line: string): boolean {
  return /^Confirm user presence for key /.test(line);
}

/** Reads how the server's banner names its software; empty where none was heard. */
export function readSoftware(log: string): string {
  return (
    /^debug1: Remote protocol version \S+, remote software version (\S+)/m.exec(splitLog(log).keyExchange)?.[1] ?? ''
  );
}

/** The last line that is no debugging aid. */
export function findLastWords(log: string): string {
  const lines = log.split(/\r?\n/).filter((line) => line.trim() !== '' && !NOISE.test(line));
  return lines.at(-1)?.trim() ?? '';
}

/** The last line that a ProxyCommand has said of itself, which may be an ssh as well. */
export function findProxyWords(log: string): string {
  const lines = log.split(/\r?\n/).filter((line) => !SSH_AT_THE_BANNER.test(line));
  return findLastWords(lines.join('\n'));
}

const NOISE = /^(?:debug\d: |Authenticated to |Transferred: |Bytes per second: |Warning: Permanently added )/;
const SSH_AT_THE_BANNER =
  /^(?:kex_exchange_identification: |banner exchange: |Connection (?:closed|reset) by UNKNOWN )/;

/** What ssh asks of a person. */
export type OpensshQuestion =
  | { readonly kind: 'host-key'; readonly key: string }
  | { readonly kind: 'yes-no' }
  | { readonly kind: 'passphrase'; readonly path: string }
  | { readonly kind: 'secret' };

const PASSPHRASE_QUESTION = /^Enter passphrase for key '(.+)': $/;
// Bytes. ssh cuts off the rest, and two keys may begin alike.
const LONGEST_PATH = 99;

/** Reads what kind of an answer a question of ssh wants. That it is ssh's own, only a version of `marksHostQuestions` makes certain. */
export function readQuestion(prompt: string): OpensshQuestion {
  const path = PASSPHRASE_QUESTION.exec(prompt)?.[1];
  if (path !== undefined && Buffer.byteLength(path) <= LONGEST_PATH) return { kind: 'passphrase', path };
  if (!/\(yes\/no(?:\/\[fingerprint\])?\)\? *$/.test(prompt)) return { kind: 'secret' };
  const match = /^(\S+) key fingerprint is (\S+?)\.?$/m.exec(prompt);
  return match === null ? { kind: 'yes-no' } : { kind: 'host-key', key: `${match[1]} ${match[2]}` };
}

/**
 * True for an ssh that puts `(user@host)` before what a host wants to know, by what it calls itself. Before OpenSSH 8.5 a host
 * could ask in the words of ssh itself, and would be sent an answer that is meant to stay here.
 */
export function marksHostQuestions(version: string | null): boolean {
  const [, major = 0, minor = 0] = (/^OpenSSH_(\d+)\.(\d+)/.exec(version ?? '') ?? []).map(Number);
  return major > 8 || (major === 8 && minor >= 5);
}
