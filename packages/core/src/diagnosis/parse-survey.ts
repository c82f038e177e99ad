import { decodeHexText } from '../wire/bytes.js';
import { createProtocolError, findRecord, parseRemoteErrors, type Reply } from '../wire/reply.js';
import type { Answer, StateSurvey, Survey } from './survey.js';

/** Reads what the script of `doctor` said. */
export function parseSurvey(reply: Reply): Survey {
  if (findRecord(reply, 'SURVEYED') === undefined) throw createProtocolError('the look at the host');
  const read = (kind: string): readonly string[] => findRecord(reply, kind)?.fields ?? [];
  const [first, uid, user] = read('LOGIN');
  const [detach, fractions, ...missingTools] = read('TOOLS');
  const [own, others, bootId, ports, identified = own] = read('PROC');
  const [kills, linger, userManager] = read('LOGOUT');
  const [maxSessions, maxStartups] = read('SERVER');
  const [openFiles, processes, ownProcesses] = read('LIMITS');
  const [container, reaps, init] = read('INIT');
  return {
    preamble: reply.preamble,
    firstLineEaten: first === 'eaten',
    user: { id: readNumber(uid), name: readText(user) },
    shell: parseShell(read('SHELL')),
    missingTools,
    setsid: detach === 'fork' || detach === 'plain' ? detach : 'none',
    fractionalSleep: fractions === 'yes',
    proc: {
      own: own === 'yes',
      identified: identified === 'yes',
      others: others === 'yes',
      bootId: bootId === 'yes',
      ports: ports === 'yes',
    },
    epoch: readNumber(read('CLOCK')[0]),
    logout: { kills: readAnswer(kills), linger: readAnswer(linger), userManager: userManager === 'yes' },
    state: parseState(reply, read('STATE')),
    disk: parseDisk(read('MOUNT'), read('SPACE')),
    server: { maxSessions: readNumber(maxSessions), maxStartups: readWord(maxStartups) },
    limits: {
      openFiles: readNumber(openFiles),
      processes: readNumber(processes),
      ownProcesses: readNumber(ownProcesses),
    },
    init: { name: readText(init), container: container === 'yes', reaps: readAnswer(reaps) },
    memory: parseMemory(read('MEMORY')),
  };
}

function parseShell([same, program, version, login]: readonly string[]): Survey['shell'] {
  return {
    program: readText(program),
    version: readText(version),
    isSh: readAnswer(same),
    login: readText(login),
  };
}

function parseState(reply: Reply, fields: readonly string[]): StateSurvey {
  const [exists, kind, mode, owner, written, linked, path, place] = fields;
  const refused = parseRemoteErrors(reply).find(({ code }) => code === 'E_STATE_DIR');
  return {
    path: readText(path),
    exists: exists === 'yes',
    mode: readWord(mode),
    owner: readNumber(owner),
    refusal: refused?.detail ?? null,
    place: readText(place),
    placeIsFolder: kind === 'folder',
    written: written === 'yes' || written === 'no' || written === 'full' ? written : null,
    linked: linked === 'yes' || linked === 'no' ? linked : null,
  };
}

function parseDisk([type, access, exec]: readonly string[], space: readonly string[]): Survey['disk'] {
  const [, freeKilobytes, inodes, freeInodes] = space.map(readNumber);
  return {
    type: readWord(type),
    readOnly: access === 'ro',
    noExec: exec === 'noexec',
    freeKilobytes: freeKilobytes ?? null,
    // Some file systems make them as they are needed, and say that there are none.
    freeInodes: (inodes ?? 0) > 0 ? (freeInodes ?? null) : null,
  };
}

function parseMemory([total, available, ...limits]: readonly string[]): Survey['memory'] {
  const kilobytes = (word: string | undefined) => {
    const number = readNumber(word);
    return number === null ? null : number * 1024;
  };
  return {
    totalBytes: kilobytes(total),
    availableBytes: kilobytes(available),
    limitBytes: limits.length === 0 ? null : Math.min(...limits.map(Number)),
  };
}

function readNumber(word: string | undefined): number | null {
  if (word === 'unlimited') return Number.POSITIVE_INFINITY;
  return word !== undefined && /^[0-9]+$/.test(word) ? Number(word) : null;
}

function readWord(word: string | undefined): string | null {
  return word === undefined || word === '-' || word === '' ? null : word;
}

function readText(digits: string | undefined): string | null {
  return digits === undefined || digits === '' ? null : decodeHexText(digits);
}

function readAnswer(word: string | undefined): Answer {
  return word === 'yes' || word === 'no' ? word : 'unknown';
}
