import { createFinding, type Finding } from './finding.js';
import type { Survey } from './survey.js';

const FEWEST_FREE_PROCESSES = 32;
const FEWEST_PROCESSES = 128;
const FEWEST_FILES = 1024;
const MEBIBYTE = 2 ** 20;
const LEAST_MEMORY = 128 * MEBIBYTE;
const LEAST_AVAILABLE = 32 * MEBIBYTE;

/** What can be read in /proc. */
export function checkProc({ proc }: Survey): Finding[] {
  if (!proc.identified) {
    const message =
      'no /proc, and no ps that tells lstart: outlast could not tell a process from another, so it refuses this host';
    return [createFinding('proc', 'problem', message, 'mount -t proc proc /proc')];
  }
  if (!proc.own) {
    const message =
      'no /proc: a process is known by its pid and the second it began in, as ps tells; no ports are shown, and find does not work';
    return [createFinding('proc', 'warning', message)];
  }
  const findings: Finding[] = [];
  if (!proc.others) {
    const message =
      'processes of other users are hidden (hidepid): outlast sees its own, but not what runs as another user';
    findings.push(createFinding('proc', 'note', message));
  }
  if (!proc.bootId) {
    const message =
      'no /proc/sys/kernel/random/boot_id: an app that ended with the last boot is told as lost, not as rebooted';
    findings.push(createFinding('proc', 'warning', message));
  }
  if (!proc.ports) {
    findings.push(createFinding('proc', 'note', '/proc/net/tcp cannot be read: status shows no ports'));
  }
  return findings.length > 0 ? findings : [createFinding('proc', 'ok', 'processes and their ports can be seen')];
}

/** What becomes of apps at logout. */
export function checkLogout({ logout, user }: Survey): Finding {
  const name = user.name ?? 'USER';
  const enable = `sudo loginctl enable-linger ${name}`;
  if (logout.kills === 'yes') {
    const message = 'logind ends everything that a login has started as soon as we disconnect (KillUserProcesses=yes)';
    const lingering = logout.linger === 'yes' ? '' : `${enable} and `;
    const launcher = logout.userManager ? `${lingering}start with --launcher systemd, or ` : '';
    return createFinding(
      'logout',
      'problem',
      message,
      `${launcher}set KillUserProcesses=no in /etc/systemd/logind.conf`,
    );
  }
  if (logout.kills === 'unknown') {
    const message = 'logind did not say whether it ends everything that a login has started (KillUserProcesses)';
    return createFinding('logout', 'note', message, 'loginctl show-user -p KillUserProcesses');
  }
  return createFinding('logout', 'ok', 'what a login has started goes on after it');
}

/** Whether ended processes that nobody waits for go away. */
export function checkInit({ init }: Survey): Finding {
  const name = init.name ?? 'what runs there';
  if (init.reaps === 'no') {
    const message = `pid 1 (${name}) leaves its dead children as zombies: each app that ends leaves one, until no pid is free`;
    const remedy = init.container ? 'start the container with an init: docker run --init …' : null;
    return createFinding('init', 'warning', message, remedy);
  }
  if (init.reaps === 'unknown')
    return createFinding('init', 'ok', `whether pid 1 (${name}) reaps zombies was not seen`);
  return createFinding('init', 'ok', `pid 1 (${name}) reaps what ends`);
}

/** What the login may have. */
export function checkLimits({ limits, user }: Survey): Finding[] {
  const { openFiles, processes, ownProcesses } = limits;
  const findings: Finding[] = [];
  // The kernel holds root to no number of processes.
  if (processes !== null && user.id !== 0) {
    const free = processes - (ownProcesses ?? 0);
    const used = `${ownProcesses ?? 0} of ${processes} processes are used (ulimit -u)`;
    const remedy = `raise nproc for ${user.name ?? 'this user'} in /etc/security/limits.conf`;
    if (free < FEWEST_FREE_PROCESSES) {
      findings.push(createFinding('limits', 'warning', `${used}: apps, and outlast itself, may fail to fork`, remedy));
    } else if (processes < FEWEST_PROCESSES) {
      findings.push(createFinding('limits', 'note', `${used}, which apps inherit`, remedy));
    }
  }
  if (openFiles !== null && openFiles < FEWEST_FILES) {
    const remedy = `raise nofile for ${user.name ?? 'this user'} in /etc/security/limits.conf`;
    const message = `apps inherit a limit of ${openFiles} open files (ulimit -n)`;
    findings.push(createFinding('limits', 'note', message, remedy));
  }
  return findings.length > 0
    ? findings
    : [createFinding('limits', 'ok', 'limits of processes and files are wide enough')];
}

/** Memory of the machine and of the control groups. */
export function checkMemory({ memory }: Survey): Finding {
  const { totalBytes, limitBytes, availableBytes } = memory;
  const whole = Math.min(totalBytes ?? Number.POSITIVE_INFINITY, limitBytes ?? Number.POSITIVE_INFINITY);
  if (whole === Number.POSITIVE_INFINITY) return createFinding('memory', 'ok', 'how much memory there is was not seen');
  const inWords = `${Math.floor(whole / MEBIBYTE)} MiB of memory`;
  if (availableBytes !== null && availableBytes < LEAST_AVAILABLE) {
    const message = `only ${Math.floor(availableBytes / MEBIBYTE)} MiB of memory are available: apps may be killed for want of it`;
    return createFinding('memory', 'warning', message);
  }
  if (whole < LEAST_MEMORY) return createFinding('memory', 'note', `${inWords} for everything that runs here`);
  return createFinding('memory', 'ok', inWords);
}
