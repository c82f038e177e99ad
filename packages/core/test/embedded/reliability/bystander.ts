import { readdirSync } from 'node:fs';
import { isAlive, readEnviron, readProc, readStart, waitFor } from '../private-host.js';
import type { PidNamespace } from './pid-namespace.js';

/** How a stranger comes to a number that was one of ours. */
export type Disguise = 'leader' | 'member' | 'group';

export const DISGUISES: readonly Disguise[] = ['leader', 'member', 'group'];

/** A number that was one of ours, and who shall get it. */
export interface Reuse {
  readonly pid: number;
  readonly disguise: Disguise;
}

/** Strangers with numbers that were ours. */
export interface Bystanders {
  /** How many of them are gone or stopped. */
  countHarmed(): number;
  /** Throws when anything has happened to one of them. */
  checkUnharmed(): void;
}

const ARGV = 'sleep\x00100000\0';
const SLEEP = 'env -i BYSTANDER="$name" sleep 100000 >/dev/null 2>&1';

/** What is started next gets a number far from those that others are to take. */
const ELSEWHERE = 'echo $((($$ + 500) % 32000)) >/proc/sys/kernel/ns_last_pid';

/** How each is started; a number that went to another process in between shows in `$!`. */
const COMMANDS: Readonly<Record<Disguise, string>> = {
  // Leads a group and a session of that number.
  leader: `setsid ${SLEEP} & got=$!`,
  // Has only the pid.
  member: `${SLEEP} & got=$!`,
  // Is in a group and a session of that number, whose leader has gone: nobody has the pid.
  group: `name=$name setsid sh -c '${ELSEWHERE}; ${SLEEP} & exit' >/dev/null 2>&1 & got=$!; wait "$got"`,
};

const TAKE = `
  take() {
    name=$round-$1 tries=0 got=
    until [ "$got" = "$1" ]; do
      tries=$((tries + 1))
      [ $tries -lt 20 ] || { echo "$1 went to nobody, the last was $got" >&2; exit 1; }
      [ -z "$got" ] || kill -KILL "$got" 2>/dev/null
      [ ! -e "/proc/$1" ] || sleep 0.1
      echo $(($1 - 1)) >/proc/sys/kernel/ns_last_pid
      case $2 in
      ${Object.entries(COMMANDS)
        .map(([disguise, line]) => `${disguise}) ${line} ;;`)
        .join('\n      ')}
      esac
    done
  }`;

/** Starts strangers in the namespace that take these numbers, which have to be free there. */
export async function startBystanders(space: PidNamespace, reuses: readonly Reuse[]): Promise<Bystanders> {
  const round = `bystander-${performance.now()}`;
  await space.run(
    `round=${round}\n${TAKE}\n${reuses.map(({ pid, disguise }) => `take ${pid} ${disguise}`).join('\n')}`,
  );
  // Those that had to try again have killed the ones before.
  await waitFor(() => findByName(round).length === reuses.length, 'the bystanders run');
  const all = findByName(round).map((pid) => ({ pid, start: readStart(pid), name: readEnviron(pid).BYSTANDER }));
  const findHarmed = () =>
    all.filter(({ pid, start }) => !isAlive(pid) || readStart(pid) !== start || /\) T /.test(readProc(pid, 'stat')));
  return {
    countHarmed: () => findHarmed().length,
    checkUnharmed() {
      const [harmed] = findHarmed();
      if (harmed !== undefined) throw new Error(`${harmed.name} was signalled: it is gone or stopped`);
    },
  };
}

/** The pids, as this machine sees them, of those that run their program. */
function findByName(round: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isAlive(pid) && readProc(pid, 'cmdline') === ARGV)
    .filter((pid) => readEnviron(pid).BYSTANDER?.startsWith(`${round}-`));
}
