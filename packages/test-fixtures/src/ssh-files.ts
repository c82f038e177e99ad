import type { HostFacts } from './test-host.js';

/** Where a laptop keeps what its ssh configuration refers to; absolute paths, since ssh takes `~` from the user database. */
export interface SshFilePaths {
  readonly knownHosts: string;
  readonly keyFileOf: (host: HostFacts) => string;
}

/** Builds an ssh configuration with one block for each host. */
export function buildSshConfig(hosts: readonly HostFacts[], { knownHosts, keyFileOf }: SshFilePaths): string {
  const blocks = hosts.map((host) => {
    const lines = [
      `HostName ${host.address}`,
      `Port ${host.port}`,
      `User ${host.user}`,
      `IdentityFile "${keyFileOf(host)}"`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile "${knownHosts}"`,
      'GlobalKnownHostsFile /dev/null',
      ...(host.jump === undefined ? [] : [`ProxyJump ${host.jump}`]),
    ];
    return [`Host ${host.alias}`, ...lines.map((line) => `  ${line}`)].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** Builds a known_hosts file with all keys of the hosts, each under its address and port. */
export function buildKnownHosts(hosts: readonly HostFacts[]): string {
  const lines = hosts.flatMap((host) => host.hostKeys.map((key) => `${formatKnownHostName(host)} ${key}\n`));
  return [...new Set(lines)].join('');
}

/** Formats the name under which known_hosts keeps a host: with brackets and port unless the port is 22. */
export function formatKnownHostName({ address, port }: Pick<HostFacts, 'address' | 'port'>): string {
  return port === 22 ? address : `[${address}]:${port}`;
}

/** Formats a host as `user@address:port`, IPv6 in brackets. */
export function formatDestination({ user, address, port }: Pick<HostFacts, 'user' | 'address' | 'port'>): string {
  return `${user}@${address.includes(':') ? `[${address}]` : address}:${port}`;
}
