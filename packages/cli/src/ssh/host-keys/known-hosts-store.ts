import { readFile, stat } from 'node:fs/promises';
import { OutlastError } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import { buildExhaustedError, isExhausted } from '../exhaustion.js';
import { createAcceptedKeys } from './accepted-keys.js';
import { appendKnownHost } from './append-known-host.js';
import { type BrokenLine, parseKnownHosts } from './known-hosts-file.js';
import { indexKnownHosts, joinKnownHosts, type KnownHosts } from './known-hosts-index.js';
import { formatKnownHostName } from './known-hosts-name.js';
import { parseRevokedKeys } from './revoked-keys.js';

const BROKEN_LINES_SHOWN = 3;

// A fleet asks for the same files thousands of times in a moment.
const UNSEEN_MS = 1_000;
const ABSENT = 'absent';

interface CachedFile {
  readonly version: string;
  /** When it was last looked at, by the clock of `performance.now()`. */
  readonly seen: number;
  readonly knownHosts: KnownHosts;
}

/** The known_hosts files of a run, read again only when they changed. */
export interface KnownHostsStore {
  /**
   * Loads the entries of all files that the settings name; a known_hosts file that does not exist has none. What was looked at within the
   * last second is not looked at again, unless the newest is asked for.
   *
   * @throws OutlastError `E_CONFIG` or `E_NEEDS_OPENSSH` for a file without which a key could be taken that is refused.
   */
  load(settings: HostSettings, options?: { readonly newest?: boolean }): Promise<KnownHosts>;
  /**
   * Remembers an accepted key for this run and appends it, once, to the first of the user's files.
   * Returns what kept it from being written, if anything did.
   */
  accept(settings: HostSettings, key: Buffer): Promise<Error | undefined>;
}

/** Creates an empty store; `warn` is told of the broken lines of a file, when it is read for the first time. */
export function createKnownHostsStore(warn: (message: string) => void): KnownHostsStore {
  const loadFile = createFileLoader(warn);
  const accepted = createAcceptedKeys();
  return {
    async load(settings, { newest = false } = {}) {
      const paths = [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles];
      const loaded = await Promise.all([
        ...paths.map((path) => loadFile(path, { newest, kind: 'known' })),
        ...settings.revokedHostKeysFiles.map((path) => loadFile(path, { newest, kind: 'revoked' })),
      ]);
      return joinKnownHosts([...loaded, accepted.snapshot()]);
    },
    async accept(settings, key) {
      const name = formatKnownHostName(settings);
      const [file] = settings.userKnownHostsFiles;
      // Several connections may have judged the same key at the same time.
      if (!accepted.add({ name, key, file: file ?? '' })) return undefined;
      if (file === undefined || file === '/dev/null') return undefined;
      return appendKnownHost(file, { name, key, hashed: settings.hashKnownHosts }).then(
        () => undefined,
        (error: Error) => error,
      );
    },
  };
}

type FileKind = 'known' | 'revoked';
type FileLoader = (path: string, how: { newest: boolean; kind: FileKind }) => Promise<KnownHosts>;

function createFileLoader(warn: (message: string) => void): FileLoader {
  const files = new Map<string, CachedFile>();
  return async (path, { newest, kind }) => {
    const id = `${kind}:${path}`;
    const now = performance.now();
    const keep = (version: string, knownHosts: KnownHosts): KnownHosts => {
      files.set(id, { version, knownHosts, seen: now });
      return knownHosts;
    };
    const before = files.get(id);
    if (before !== undefined && !newest && now - before.seen < UNSEEN_MS) return before.knownHosts;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const version = `${ino}:${size}:${mtimeMs}`;
      if (before?.version === version) return keep(version, before.knownHosts);
      const content = await readFile(path);
      // Of many that read it at the same time the first one parses it for all.
      const meanwhile = files.get(id);
      if (meanwhile?.version === version) return keep(version, meanwhile.knownHosts);
      const { entries, broken } = parseFile(content, path, kind);
      const isFirst = (meanwhile?.version ?? ABSENT) === ABSENT;
      if (isFirst) for (const message of formatBrokenLines(broken)) warn(message);
      return keep(version, indexKnownHosts(entries));
    } catch (error) {
      return keep(ABSENT, explainUnread(path, kind, error));
    }
  };
}

function parseFile(content: Buffer, path: string, kind: FileKind): ReturnType<typeof parseKnownHosts> {
  if (kind === 'revoked') return { entries: parseRevokedKeys(content, path), broken: [] };
  return parseKnownHosts(content.toString('latin1'), path);
}

function formatBrokenLines(broken: readonly BrokenLine[]): string[] {
  const shown = broken.slice(0, BROKEN_LINES_SHOWN);
  const messages = shown.map(({ file, line }) => `${file}:${line} is no known_hosts entry and was passed over`);
  const [next, ...more] = broken.slice(BROKEN_LINES_SHOWN);
  if (next === undefined) return messages;
  const count = more.length + 1;
  const what = count === 1 ? '1 more line that is no entry' : `${count} more lines that are no entries`;
  return [...messages, `${next.file} has ${what}, from line ${next.line} on`];
}

/** None where there is no file. */
function explainUnread(path: string, kind: FileKind, error: unknown): KnownHosts {
  if (error instanceof OutlastError) throw error;
  if (isExhausted(error)) throw buildExhaustedError(error);
  const code = (error as NodeJS.ErrnoException).code;
  // As in ssh: without the list of revoked keys no host is to be trusted.
  if (kind === 'known' && (code === 'ENOENT' || code === 'ENOTDIR')) return indexKnownHosts([]);
  // Going on without the file could turn a changed or revoked key into an unknown one.
  const keyword = kind === 'known' ? 'UserKnownHostsFile' : 'RevokedHostKeys';
  throw new OutlastError('E_CONFIG', `${path} cannot be read: ${code ?? 'unknown reason'}`, {
    hint: `make the file readable, or name another one with -o ${keyword}=…`,
    cause: error,
  });
}
