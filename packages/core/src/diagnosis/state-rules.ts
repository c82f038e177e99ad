import { quoteWord } from '../shell/quote.js';
import { createFinding, type Finding } from './finding.js';
import type { Survey } from './survey.js';

const LEAST_KILOBYTES = 16 * 1024;
const FEWEST_INODES = 100;

const NETWORK_TYPES: ReadonlySet<string> = new Set([
  '9p',
  'afs',
  'beegfs',
  'ceph',
  'cifs',
  'fuse.ceph',
  'fuse.glusterfs',
  'fuse.sshfs',
  'gfs2',
  'glusterfs',
  'gpfs',
  'lustre',
  'nfs',
  'nfs4',
  'ocfs2',
  'smb3',
  'smbfs',
]);
const MEMORY_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

const ELSEWHERE = 'set XDG_STATE_HOME for this user on the host to a folder';

/** Whether records can be kept at all. */
export function checkStateFolder({ state, disk, user }: Survey): Finding {
  const path = state.path ?? 'the state folder';
  if (state.refusal !== null)
    return createFinding(
      'state-folder',
      'problem',
      `${state.refusal}: every verb refuses it`,
      buildRemedy(state, user),
    );
  const place = state.place ?? path;
  const fail = (message: string, remedy: string) => createFinding('state-folder', 'problem', message, remedy);
  if (!state.placeIsFolder) {
    return fail(
      `${path} cannot be made: ${place} is no folder`,
      `move ${quoteWord(place)} away, or ${ELSEWHERE} that can be made`,
    );
  }
  if (state.written === 'no') {
    if (disk.readOnly)
      return fail(`${place} is on a read-only file system`, `mount it for writing, or ${ELSEWHERE} elsewhere`);
    return fail(
      `${place} cannot be written`,
      `give ${quoteWord(place)} to ${user.name ?? 'this user'}, or ${ELSEWHERE} that can be written`,
    );
  }
  if (state.written === 'full') {
    return fail(
      `nothing can be written to ${place}: the disk, its inodes or a quota is full`,
      `make room there: df -h ${quoteWord(place)}; df -i ${quoteWord(place)}`,
    );
  }
  if (state.linked === 'no') {
    return fail(
      `${place} is on a file system without hard links, by which one start is told from another`,
      `${ELSEWHERE} on another file system`,
    );
  }
  return createFinding(
    'state-folder',
    'ok',
    state.exists ? `records are kept in ${path}` : `records will be kept in ${path}`,
  );
}

function buildRemedy({ path, mode, owner }: Survey['state'], user: Survey['user']): string {
  const word = quoteWord(path ?? '~/.local/state/outlast');
  if (mode?.startsWith('l')) return `put a folder in its place: rm ${word}; or ${ELSEWHERE}`;
  if (owner !== null && owner !== user.id) return `sudo chown -R ${user.name ?? user.id ?? 'USER'} ${word}`;
  if (mode?.startsWith('d')) return `look who has written there, then: chmod 700 ${word}`;
  return `move ${word} away, or ${ELSEWHERE}`;
}

/** What kind of file system holds the records. */
export function checkFileSystem({ disk, state }: Survey): Finding[] {
  const { type } = disk;
  const place = state.place ?? 'the state folder';
  if (type === null) return [createFinding('file-system', 'ok', 'the kind of its file system was not seen')];
  const findings: Finding[] = [];
  if (NETWORK_TYPES.has(type)) {
    const message = `${place} is on ${type}: hosts that share it take the apps of one another for their own, rebooted`;
    findings.push(createFinding('file-system', 'warning', message, `${ELSEWHERE} on a local disk`));
  }
  if (MEMORY_TYPES.has(type)) {
    const message = `${place} is in memory (${type}): records and logs are gone after a reboot`;
    findings.push(createFinding('file-system', 'warning', message, `${ELSEWHERE} on a disk`));
  }
  if (disk.noExec) {
    const message = `${place} is mounted noexec: outlast does not mind, but no program that lies there can be an app`;
    findings.push(createFinding('file-system', 'note', message));
  }
  return findings.length > 0
    ? findings
    : [createFinding('file-system', 'ok', `the file system (${type}) keeps records`)];
}

/** How much is left. */
export function checkDiskSpace({ disk, state }: Survey): Finding[] {
  const { freeKilobytes, freeInodes } = disk;
  const word = quoteWord(state.place ?? '~');
  const findings: Finding[] = [];
  if (freeKilobytes !== null && freeKilobytes < LEAST_KILOBYTES) {
    const message = `only ${freeKilobytes} KiB are left for records and logs`;
    findings.push(createFinding('disk-space', 'warning', message, `make room: df -h ${word}`));
  }
  if (freeInodes !== null && freeInodes < FEWEST_INODES) {
    const message = `only ${freeInodes} inodes are left, and a run of an app takes a dozen`;
    findings.push(createFinding('disk-space', 'warning', message, `make room: df -i ${word}`));
  }
  if (findings.length > 0) return findings;
  const left =
    freeKilobytes === null ? 'how much space is left was not seen' : `${Math.floor(freeKilobytes / 1024)} MiB are left`;
  return [createFinding('disk-space', 'ok', left)];
}
