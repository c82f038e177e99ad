import { expect, test } from 'vitest';
import { readCapturedReply } from '../../test/read-reply.js';
import { doctor } from '../operations/doctor.js';
import { diagnoseHost } from './diagnose-host.js';
import { FINDING_LEVELS } from './finding.js';
import type { Survey } from './survey.js';

const reply = readCapturedReply(new URL('../operations/doctor.test.ts', import.meta.url).href, 'doctor.dash-0.5.12');
const healthy = doctor.parse(reply, {});
const epochMs = (healthy.epoch ?? 0) * 1000;
const asked = { beforeMs: epochMs, afterMs: epochMs };

/** A survey that differs from that of a healthy host in these places. */
type Changes = { readonly [Part in keyof Survey]?: Survey[Part] extends object ? Partial<Survey[Part]> : Survey[Part] };

function vary(changes: Changes): Survey {
  const parts = Object.entries(changes).map(([name, change]) => {
    const whole = healthy[name as keyof Survey];
    const isPart = typeof change === 'object' && change !== null && !Array.isArray(change);
    return [name, isPart ? { ...(whole as object), ...change } : change];
  });
  return { ...healthy, ...Object.fromEntries(parts) };
}

test('a healthy host is well in every check', () => {
  const findings = diagnoseHost(healthy, asked);
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  const checks = findings.map(({ check }) => check);
  expect(new Set(checks).size).toBe(checks.length);
  expect(checks).toHaveLength(16);
});

const RULES: readonly [what: string, Changes, check: string, level: string, message: RegExp, remedy: RegExp | null][] =
  [
    [
      'logind that kills',
      { logout: { kills: 'yes', linger: 'no', userManager: true } },
      'logout',
      'problem',
      /KillUserProcesses=yes/,
      /^sudo loginctl enable-linger bash and start with --launcher systemd, or set KillUserProcesses=no/,
    ],
    [
      'logind that kills, with lingering',
      { logout: { kills: 'yes', linger: 'yes', userManager: true } },
      'logout',
      'problem',
      /KillUserProcesses=yes/,
      /^start with --launcher systemd, or set/,
    ],
    [
      'logind that kills, without a user manager',
      { logout: { kills: 'yes', linger: 'yes', userManager: false } },
      'logout',
      'problem',
      /KillUserProcesses=yes/,
      /^set KillUserProcesses=no/,
    ],
    ['logind that is silent', { logout: { kills: 'unknown' } }, 'logout', 'note', /did not say/, /^loginctl show-user/],
    [
      'a refused link',
      { state: { refusal: '/x is a symbolic link', path: '/x', mode: 'lrwxrwxrwx', owner: 1000 } },
      'state-folder',
      'problem',
      /^\/x is a symbolic link: every verb refuses it$/,
      /rm \/x/,
    ],
    [
      "somebody else's folder",
      { state: { refusal: '/x belongs to another user', path: '/x', mode: 'drwx------', owner: 0 } },
      'state-folder',
      'problem',
      /another user/,
      /^sudo chown -R bash \/x$/,
    ],
    [
      "everybody's folder",
      { state: { refusal: '/x can be written by others', path: '/x', mode: 'drwxrwxrwx', owner: 1000 } },
      'state-folder',
      'problem',
      /by others/,
      /chmod 700 \/x$/,
    ],
    [
      'a file in place of a folder',
      { state: { placeIsFolder: false, place: '/home/bash/.local' } },
      'state-folder',
      'problem',
      /\.local is no folder/,
      /^move \/home\/bash\/\.local away/,
    ],
    [
      'a folder that cannot be written',
      { state: { written: 'no', linked: null } },
      'state-folder',
      'problem',
      /^\/home\/bash cannot be written$/,
      /^give \/home\/bash to bash/,
    ],
    [
      'a read-only file system',
      { state: { written: 'no', linked: null }, disk: { readOnly: true } },
      'state-folder',
      'problem',
      /read-only/,
      /^mount it for writing/,
    ],
    ['a full disk', { state: { written: 'full' } }, 'state-folder', 'problem', /is full$/, /df -h \/home\/bash; df -i/],
    ['no hard links', { state: { linked: 'no' } }, 'state-folder', 'problem', /without hard links/, /XDG_STATE_HOME/],
    ['NFS', { disk: { type: 'nfs4' } }, 'file-system', 'warning', /on nfs4: hosts that share it/, /a local disk/],
    ['a tmpfs', { disk: { type: 'tmpfs' } }, 'file-system', 'warning', /gone after a reboot/, /on a disk/],
    ['noexec', { disk: { noExec: true } }, 'file-system', 'note', /noexec/, null],
    ['little space', { disk: { freeKilobytes: 16_383 } }, 'disk-space', 'warning', /^only 16383 KiB/, /df -h/],
    ['few inodes', { disk: { freeInodes: 99 } }, 'disk-space', 'warning', /^only 99 inodes/, /df -i/],
    [
      'no dd',
      { missingTools: ['dd'] },
      'required-tools',
      'problem',
      /^no dd: needed by start, restart, logs, logs -f, logs --grep, adopt, deploy, rollback$/,
      /^install dd/,
    ],
    ['no date', { missingTools: ['date'] }, 'optional-tools', 'note', /^no date: nobody knows when/, /^install date/],
    ['a coarse sleep', { fractionalSleep: false }, 'optional-tools', 'note', /whole seconds/, null],
    ['no setsid', { setsid: 'none' }, 'setsid', 'note', /^no setsid/, /util-linux/],
    ['no /proc', { proc: { own: false } }, 'proc', 'warning', /lstart|second it began/, null],
    [
      'neither /proc nor a ps',
      { proc: { own: false, identified: false } },
      'proc',
      'problem',
      /refuses this host/,
      /^mount -t proc/,
    ],
    ['hidepid', { proc: { others: false } }, 'proc', 'note', /hidepid/, null],
    ['no boot id', { proc: { bootId: false } }, 'proc', 'warning', /boot_id/, null],
    ['hidden ports', { proc: { ports: false } }, 'proc', 'note', /no ports/, null],
    [
      'a container without an init',
      { init: { name: 'sleep', reaps: 'no', container: true } },
      'init',
      'warning',
      /^pid 1 \(sleep\) leaves its dead children as zombies/,
      /docker run --init/,
    ],
    [
      'another pid 1 that reaps nothing',
      { init: { reaps: 'no', container: false } },
      'init',
      'warning',
      /zombies/,
      null,
    ],
    [
      'a shell of an rc file',
      { shell: { program: '/bin/zsh', isSh: 'no' } },
      'shell',
      'note',
      /an rc file execs/,
      /case \$-/,
    ],
    [
      'an unknown shell',
      { shell: { program: '/bin/oksh' } },
      'shell',
      'note',
      /oksh, in which outlast was never/,
      null,
    ],
    ['a noisy login', { preamble: 'Hello\u001b[1m\n' }, 'rc-output', 'note', /prints "Hello\\x1b\[1m" into/, /-t 1/],
    ['a hungry login', { firstLineEaten: true }, 'rc-input', 'warning', /first line of our script/, /<\/dev\/null/],
    ['a clock that is ahead', { epoch: epochMs / 1000 + 6 }, 'clock', 'note', /6 s ahead of/, /set-ntp/],
    ['a clock far behind', { epoch: epochMs / 1000 - 61 }, 'clock', 'warning', /61 s behind/, /set-ntp/],
    ['no clock', { epoch: null }, 'clock', 'note', /no clock/, null],
    ['MaxStartups', { server: { maxStartups: '3:30:10' } }, 'sshd', 'note', /from 3 at a time/, /--parallel below 3/],
    ['MaxSessions', { server: { maxSessions: 1 } }, 'sshd', 'note', /MaxSessions 1/, null],
    [
      'processes that run out',
      { limits: { processes: 100, ownProcesses: 69 } },
      'limits',
      'warning',
      /^69 of 100 processes/,
      /nproc for bash/,
    ],
    ['few processes', { limits: { processes: 127, ownProcesses: 1 } }, 'limits', 'note', /^1 of 127/, /nproc/],
    ['few files', { limits: { openFiles: 256 } }, 'limits', 'note', /256 open files/, /nofile for bash/],
    ['little memory', { memory: { limitBytes: 64 * 2 ** 20 } }, 'memory', 'note', /^64 MiB/, null],
    ['no memory left', { memory: { availableBytes: 2 ** 20 } }, 'memory', 'warning', /^only 1 MiB/, null],
  ];

test.each(RULES)('%s is told', (_what, changes, check, level, message, remedy) => {
  const findings = diagnoseHost(vary(changes), asked);
  const bad = findings.filter((finding) => finding.level !== 'ok');
  expect(bad).toEqual(
    [{ check, level, message: expect.stringMatching(message), remedy: expect.anything() }].map((one) =>
      remedy === null ? { ...one, remedy: null } : one,
    ),
  );
  if (remedy !== null) expect(bad[0]?.remedy).toMatch(remedy);
});

test.each<[string, Changes]>([
  ['root, whom no number of processes holds', { user: { id: 0 }, limits: { processes: 10, ownProcesses: 200 } }],
  ['a clock that is off by less than the question took', { epoch: epochMs / 1000 + 5 }],
  ['the usual MaxStartups', { server: { maxStartups: '10:30:100' } }],
  ['an unlimited login', { limits: { processes: Number.POSITIVE_INFINITY, openFiles: Number.POSITIVE_INFINITY } }],
  [
    'what could not be seen',
    { disk: { type: null, freeKilobytes: null, freeInodes: null }, init: { reaps: 'unknown' } },
  ],
])('nothing is made of %s', (_what, changes) => {
  expect(diagnoseHost(vary(changes), asked).filter(({ level }) => level !== 'ok')).toEqual([]);
});

test('a clock may have been read at any moment between question and answer', () => {
  const wide = { beforeMs: epochMs - 20_000, afterMs: epochMs + 20_000 };
  for (const seconds of [-25, 25]) {
    const survey = vary({ epoch: epochMs / 1000 + seconds });
    expect(diagnoseHost(survey, wide).find(({ check }) => check === 'clock')?.level).toBe('ok');
  }
  const clock = diagnoseHost(vary({ epoch: epochMs / 1000 + 26 }), wide).find(({ check }) => check === 'clock');
  expect(clock?.level).toBe('note');
});

test('the worst comes first', () => {
  const survey = vary({ missingTools: ['dd', 'df'], firstLineEaten: true, proc: { bootId: false } });
  const levels = diagnoseHost(survey, asked).map(({ level }) => FINDING_LEVELS.indexOf(level));
  expect(levels).toEqual(levels.toSorted((a, b) => a - b));
  expect(new Set(levels).size).toBe(4);
});
