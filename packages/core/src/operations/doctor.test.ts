import { expect, test } from 'vitest';
import { readCapturedReply, readReply } from '../../test/read-reply.js';
import { doctor } from './doctor.js';

const debian = readCapturedReply(import.meta.url, 'doctor.dash-0.5.12');
const busybox = readCapturedReply(import.meta.url, 'doctor.busybox-1.35');

test('the answer of a Debian host is read whole', () => {
  expect(doctor.parse(debian, {})).toEqual({
    preamble: '',
    firstLineEaten: false,
    user: { id: 1000, name: 'bash' },
    shell: { program: '/usr/bin/dash', version: null, isSh: 'yes', login: '/bin/bash' },
    missingTools: [],
    setsid: 'fork',
    fractionalSleep: true,
    proc: { own: true, identified: true, others: true, bootId: true, ports: true },
    epoch: 1_795_582_847,
    logout: { kills: 'no', linger: 'no', userManager: false },
    state: {
      path: '/home/bash/.local/state/outlast',
      exists: false,
      mode: null,
      owner: null,
      refusal: null,
      place: '/home/bash',
      placeIsFolder: true,
      written: 'yes',
      linked: 'yes',
    },
    disk: { type: 'overlay', readOnly: false, noExec: false, freeKilobytes: 81_760_032, freeInodes: 16_304_818 },
    server: { maxSessions: null, maxStartups: '200' },
    limits: { openFiles: 20_000, processes: 96_365, ownProcesses: 4 },
    init: { name: 'sshd', container: true, reaps: 'yes' },
    memory: {
      totalBytes: 24_684_096 * 1024,
      availableBytes: 23_074_880 * 1024,
      limitBytes: Number('9223372036854771712'),
    },
  });
});

test('the answer of a BusyBox host says what is missing there', () => {
  expect(doctor.parse(busybox, {})).toMatchObject({
    shell: { program: '/bin/busybox', login: '/bin/ash' },
    missingTools: ['getconf', 'nohup'],
    setsid: 'plain',
    disk: { freeKilobytes: 81_759_988, freeInodes: 16_304_808 },
    server: { maxSessions: null, maxStartups: null },
  });
});

test('what the host could not tell is null, unknown or without a limit', () => {
  const lines = [
    'BEGIN',
    'LOGIN eaten - ',
    'SHELL unknown   ',
    'TOOLS none no awk df od',
    'PROC no no no no',
    'CLOCK -',
    'LOGOUT unknown unknown no',
    'STATE no other - - - -  ',
    'MOUNT - - -',
    'SPACE - - - -',
    'SERVER - -',
    'LIMITS unlimited - -',
    'INIT no unknown ',
    'MEMORY - -',
    'SURVEYED',
    'END 0',
  ];
  const reply = readReply(`motd\n${lines.map((line) => `@@x ${line}\n`).join('')}`, 'x');
  expect(doctor.parse(reply, {})).toMatchObject({
    preamble: 'motd\n',
    firstLineEaten: true,
    user: { id: null, name: null },
    shell: { program: null, version: null, isSh: 'unknown', login: null },
    missingTools: ['awk', 'df', 'od'],
    setsid: 'none',
    epoch: null,
    logout: { kills: 'unknown', linger: 'unknown' },
    state: { path: null, place: null, placeIsFolder: false, written: null, linked: null },
    disk: { type: null, freeKilobytes: null, freeInodes: null },
    limits: { openFiles: Number.POSITIVE_INFINITY, processes: null, ownProcesses: null },
    init: { name: null, reaps: 'unknown' },
    memory: { totalBytes: null, availableBytes: null, limitBytes: null },
  });
});

test('a file system that counts no inodes has not run out of them', () => {
  const reply = readReply('@@x BEGIN\n@@x SPACE 100 50 0 0\n@@x SURVEYED\n@@x END 0\n', 'x');
  expect(doctor.parse(reply, {}).disk).toMatchObject({ freeKilobytes: 50, freeInodes: null });
});

test('an answer that broke off is none', () => {
  const reply = readReply('@@x BEGIN\n@@x TOOLS fork yes\n@@x END 1\n', 'x');
  expect(() => doctor.parse(reply, {})).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
});

test('the first line alone can be eaten without harm', () => {
  const [first, second] = doctor.build({}, { nonce: 'n0nce' }).split('\n');
  expect([first, second]).toEqual(['outlast_first=n0nce', '# outlast: doctor']);
});
