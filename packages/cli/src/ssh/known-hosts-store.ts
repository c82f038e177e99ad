import { readFile, stat } from 'node:fs/promises';
import { OutlastError } from '@outlast/core';
import { appendKnownHost } from './append-known-host.js';
import { readKeyType } from './fingerprint.js';
import type { HostSettings } from './host-settings.js';
import { formatKnownHostName, type KnownHost, lookupHostKeys, parseKnownHosts } from './known-hosts.js';
import { parseRevokedKeys } from './revoked-keys.js';

interface CachedFile {
  readonly version: string;
  readonly entries: readonly KnownHost[];
}

/** The known_hosts files of a run, read again only when they changed. */
export interface KnownHostsStore {
  /**
   * Loads the entries of all files that the settings name; a known_hosts file that does not exist has none.
   *
   * @throws OutlastError `E_CONFIG` or `E_NEEDS_OPENSSH` for a file without which a key could be taken that is refused.
   */
  load(settings: HostSettings): Promise<readonly KnownHost[]>;
  /**
   * Remembers an accepted key for this run and appends it, once, to the first of the user's files.
   * Returns what kept it from being written, if anything did.
   */
  accept(settings: HostSettings, key: Buffer): Promise<Error | undefined>;
}

/** Creates an empty store. */
export function createKnownHostsStore(): KnownHostsStore {
  const files = new Map<string, CachedFile>();
  const accepted: KnownHost[] = [];
  return {
    async load(settings) {
      const paths = [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles];
      const loaded = await Promise.all([
        ...paths.map((path) => loadFile(path, files)),
        ...settings.revokedHostKeysFiles.map((path) => loadFile(path, files, 'revoked')),
      ]);
      return [...loaded.flat(), ...accepted];
    },
    async accept(settings, key) {
      const name = formatKnownHostName(settings);
      const [file] = settings.userKnownHostsFiles;
      // Several connections may have judged the same key at the same time.
      if (lookupHostKeys(accepted, name).some((entry) => entry.key.equals(key))) return undefined;
      const type = readKeyType(key) ?? '';
      accepted.push({ file: file ?? '', line: 0, marker: 'none', patterns: name, type, key });
      if (file === undefined || file === '/dev/null') return undefined;
      return appendKnownHost(file, { name, key, hashed: settings.hashKnownHosts }).then(
        () => undefined,
        (error: Error) => error,
      );
    },
  };
}

async function loadFile(
  path: string,
  files: Map<string, CachedFile>,
  kind: 'known' | 'revoked' = 'known',
): Promise<readonly KnownHost[]> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${kind}:${ino}:${size}:${mtimeMs}`;
    const cached = files.get(path);
    if (cached?.version === version) return cached.entries;
    const content = await readFile(path);
    const entries =
      kind === 'revoked' ? parseRevokedKeys(content, path) : parseKnownHosts(content.toString('utf8'), path).entries;
    files.set(path, { version, entries });
    return entries;
  } catch (error) {
    if (error instanceof OutlastError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    // As in ssh: without the list of revoked keys no host is to be trusted.
    if (kind === 'known' && (code === 'ENOENT' || code === 'ENOTDIR')) return [];
    // Going on without the file could turn a changed or revoked key into an unknown one.
    const keyword = kind === 'known' ? 'UserKnownHostsFile' : 'RevokedHostKeys';
    throw new OutlastError('E_CONFIG', `${path} cannot be read: ${code ?? 'unknown reason'}`, {
      hint: `make the file readable, or name another one with -o ${keyword}=…`,
      cause: error,
    });
  }
}
