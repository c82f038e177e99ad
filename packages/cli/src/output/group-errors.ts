import type { OwnWords } from '@outlast/core';
import type { ErrorFacts } from './describe-error.js';

/** What became of one host that failed. */
export interface HostError {
  readonly host: string;
  readonly error: ErrorFacts;
}

/** Hosts that failed in the same way. */
export interface ErrorGroup {
  readonly hosts: readonly string[];
  /** Where the hosts are told apart by their own names alone, these read `HOST`. */
  readonly error: ErrorFacts;
}

/**
 * Groups equal errors, in the order in which each was first met, hosts that were not begun last. Errors are equal too where they differ in
 * nothing but the host's own name, address or port; what differs in more, such as a fingerprint, stays apart.
 */
export function groupErrors(errors: readonly HostError[]): ErrorGroup[] {
  const equal = groupBy(errors, ({ error }) => keyOf(error));
  const groups = groupBy(equal, readSharedKey).map(mergeGroup);
  const isSkipped = ({ error }: ErrorGroup) => error.code === 'E_SKIPPED';
  return [...groups.filter((group) => !isSkipped(group)), ...groups.filter(isSkipped)];
}

function groupBy<T>(items: readonly T[], readKey: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = readKey(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}

function readSharedKey(equal: readonly HostError[]): string {
  const [key = '', ...others] = new Set(equal.map(({ error }) => keyOf(hidePort(hideNames(error)))));
  // What is the name of one of them is an everyday word in the texts of the others.
  return others.length === 0 ? key : keyOf((equal[0] as HostError).error);
}

function keyOf({ code, message, hint, via, lastLines }: ErrorFacts): string {
  return JSON.stringify([code, message, hint, via, lastLines]);
}

/** No more is hidden than what tells these hosts apart. */
function mergeGroup(parts: readonly HostError[][]): ErrorGroup {
  const hosts = parts.flat().map(({ host }) => host);
  const errors = parts.map(([first]) => (first as HostError).error);
  const [error] = errors as [ErrorFacts];
  if (errors.length === 1) return { hosts, error };
  const named = errors.map(hideNames);
  const hasOnePort = new Set(named.map(keyOf)).size === 1;
  return { hosts, error: hasOnePort ? (named[0] as ErrorFacts) : hidePort(named[0] as ErrorFacts) };
}

function hideNames(error: ErrorFacts): ErrorFacts {
  const { own } = error;
  if (own === undefined) return error;
  const names = buildNamePattern(own);
  // A host whose name is not its address stands as `web1 (192.0.2.1 port 22)`.
  return replaceWords(error, (text) => text.replace(names, 'HOST').replace(/HOST \((HOST port \d+)\)/g, '$1'));
}

function hidePort(error: ErrorFacts): ErrorFacts {
  const { own } = error;
  if (own === undefined) return error;
  const endpoint = new RegExp(`HOST port ${own.port}\\b|\\[HOST\\]:${own.port}\\b`, 'g');
  const flag = new RegExp(`(?<= )-p ${own.port}(?= )`, 'g');
  return replaceWords(error, (text) => text.replace(endpoint, 'HOST').replace(flag, '-p PORT'));
}

function buildNamePattern({ names }: OwnWords): RegExp {
  // The longest first: `web1:2222` is no `web1`, and neither is `web1.example`.
  const words = [...names].sort((a, b) => b.length - a.length).map(escapePattern);
  return new RegExp(`(?<![\\w.:-])(?:${words.join('|')})(?![\\w-]|[.:]\\w)`, 'g');
}

function replaceWords(error: ErrorFacts, replace: (text: string) => string): ErrorFacts {
  const { message, hint } = error;
  return { ...error, message: replace(message), ...(hint ? { hint: replace(hint) } : {}) };
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
