import type { SshOptions, Target } from '../transport.js';

/**
 * Builds the arguments of `ssh` that say which host is meant and how it is reached, the destination last.
 * What stands before them wins over them, since the first value of an option counts.
 */
export function buildReachArgs(target: Target, options: SshOptions): string[] {
  return [...buildReachFlags(target, options), '--', target.destination];
}

/** Builds the same for people to read and to type, who need no `--`: no destination begins with a dash. */
export function buildTypedArgs(target: Target, options: SshOptions): string[] {
  return [...buildReachFlags(target, options), target.destination];
}

/** Lists the key files that the flags and the host itself name, in the order in which they are tried. */
export function listNamedIdentities({ identityFiles = [] }: Target, options: SshOptions): string[] {
  return [...new Set([...options.identityFiles, ...identityFiles])];
}

function buildReachFlags(target: Target, options: SshOptions): string[] {
  const user = target.user ?? options.user;
  return [
    ...(options.configFile === undefined ? [] : ['-F', options.configFile]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(target.port === undefined ? [] : ['-p', String(target.port)]),
    ...(options.jump === undefined ? [] : ['-J', options.jump]),
    ...listNamedIdentities(target, options).flatMap((file) => ['-i', file]),
    ...options.options.flatMap((option) => ['-o', option]),
  ];
}
