import { decodeUtf8 } from '../wire/bytes.js';

/** One line of `/proc/PID/stat`, as far as it is of use. */
export interface ProcessStat {
  readonly pid: number;
  /** What the kernel calls it; a program may put anything here. */
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** The number of its terminal; 0 without one. */
  readonly terminal: number;
  /** Ticks since boot. */
  readonly start: number;
  readonly cpuTicks: number;
  readonly residentPages: number;
}

/** Fields behind the name without which a line is not whole. */
const LEAST_FIELDS = 22;

/** Reads `/proc/N/stat` of all processes, one after the other. A name may hold newlines and `") "`: a process ends where enough fields follow the last one. */
export function parseProcessStats(data: Uint8Array): ProcessStat[] {
  const processes: ProcessStat[] = [];
  let held = '';
  for (const line of decodeUtf8(data).split('\n')) {
    const text = held + line;
    const close = text.lastIndexOf(') ');
    const fields = text.slice(close + 2).split(' ');
    if (close < 0 || fields.length < LEAST_FIELDS) {
      held = `${text}\n`;
      continue;
    }
    held = '';
    processes.push(buildStat(text, close, fields));
  }
  return processes;
}

function buildStat(text: string, close: number, fields: readonly string[]): ProcessStat {
  const open = text.indexOf(' (');
  const [state = '?', ...rest] = fields;
  const numbers = rest.map(Number);
  const at = (index: number) => numbers[index] ?? 0;
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 2, close),
    state,
    parent: at(0),
    group: at(1),
    session: at(2),
    terminal: at(3),
    cpuTicks: at(10) + at(11),
    start: at(18),
    residentPages: at(20),
  };
}

/** Reads `grep -zH '' /proc/N/cmdline` of all processes: every argument ends with NUL and begins with the path it is from. */
export function parseCmdlines(data: Uint8Array): Map<number, string[]> {
  const argvs = new Map<number, string[]>();
  for (const entry of decodeUtf8(data).split('\0')) {
    const [, pid, argument] = /^\/proc\/(\d+)\/cmdline:(.*)$/s.exec(entry) ?? [];
    if (pid === undefined || argument === undefined) continue;
    argvs.set(Number(pid), [...(argvs.get(Number(pid)) ?? []), argument]);
  }
  return argvs;
}

/** Reads the owners out of `ls -ld /proc/[0-9]*`. */
export function parseOwners(data: Uint8Array): Map<number, string> {
  const owners = new Map<number, string>();
  for (const line of decodeUtf8(data).split('\n')) {
    const [, owner, pid] = /^\S+\s+\S+\s+(\S+)\s.*\/proc\/(\d+)$/.exec(line) ?? [];
    if (owner !== undefined) owners.set(Number(pid), owner);
  }
  return owners;
}

/** Names a terminal as `ps` does, by the numbers that Linux gives them; null without one. */
export function formatTerminal(device: number): string | null {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (device === 0) return null;
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  if (major === 5 && minor === 1) return 'console';
  return `${major}:${minor}`;
}
