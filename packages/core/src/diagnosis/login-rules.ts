import { escapeForMessage } from '../values/escape-for-message.js';
import { createFinding, type Finding } from './finding.js';
import type { Survey } from './survey.js';

/** The shells that every script of ours is tried in. */
const PROVEN_SHELLS: ReadonlySet<string> = new Set([
  'dash',
  'bash',
  'busybox',
  'ksh',
  'ksh93',
  'mksh',
  'yash',
  'zsh',
  'zsh5',
]);

/** Of what an rc file prints, in a message. */
const MAX_QUOTED = 40;

/** The shell that runs our scripts. */
export function checkShell({ shell }: Survey): Finding {
  const { program, version, isSh, login } = shell;
  const name = program?.split('/').at(-1)?.split(' ')[0] ?? null;
  const described = `${program ?? 'a shell that cannot be seen'}${version === null ? '' : ` (${version})`}`;
  if (isSh === 'no') {
    const remedy = 'in the rc file, become another shell only where somebody types: case $- in *i*) exec zsh ;; esac';
    return createFinding(
      'shell',
      'note',
      `scripts run in ${described} rather than in /bin/sh: an rc file execs it`,
      remedy,
    );
  }
  if (name !== null && !PROVEN_SHELLS.has(name)) {
    return createFinding('shell', 'note', `/bin/sh is ${described}, in which outlast was never tried`);
  }
  const from = login === null ? '' : `, the login shell is ${login}`;
  return createFinding('shell', 'ok', `/bin/sh is ${described}${from}`);
}

/** What rc files print into every connection. */
export function checkRcOutput({ preamble }: Survey): Finding {
  if (preamble === '') return createFinding('rc-output', 'ok', 'a login prints nothing of its own');
  const text = preamble.trim();
  const quoted = escapeForMessage(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
  return createFinding(
    'rc-output',
    'note',
    `an rc file prints "${quoted}" into every connection: outlast leaves it out, scp, rsync and sftp may stumble over it`,
    'in the rc file, print only to a terminal: [ -t 1 ] && echo …',
  );
}

/** An rc file that reads what was meant for us. */
export function checkRcInput({ firstLineEaten }: Survey): Finding {
  if (!firstLineEaten)
    return createFinding('rc-input', 'ok', 'nothing reads the input of a connection before outlast does');
  return createFinding(
    'rc-input',
    'warning',
    'an rc file reads the input of every connection: it got the first line of our script, and a few more would stop outlast',
    'in the rc file, give what reads there an input of its own: … </dev/null',
  );
}
