import { readFileSync } from 'node:fs';
import { buildHostSettings, type HostSettings } from '../src/ssh/configuration/host-settings.js';
import type { RawSettings } from '../src/ssh/configuration/raw-settings.js';

/** Reads what OpenSSH 9.2p1 of Debian 12 wrote to stderr, at LogLevel DEBUG1; in `ask-…` what it asked. */
export function readOpensshSample(name: string): string {
  const path = `../src/ssh/openssh/fixtures/${name}.openssh-9.2.txt`;
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

/** Builds the settings of `web1` from what `ssh -G` would say, without an agent and with nothing to expand. */
export function buildSettings(raw: RawSettings = new Map()): HostSettings {
  return buildHostSettings(raw, {
    destination: 'web1',
    sshArgs: ['web1'],
    expandPath: (path) => path,
    expandProxyCommand: (line) => line,
    authSock: undefined,
    readEnv: () => undefined,
  });
}
