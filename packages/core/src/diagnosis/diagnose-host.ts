import { createFinding, type Finding, sortFindings } from './finding.js';
import { checkRcInput, checkRcOutput, checkShell } from './login-rules.js';
import { checkInit, checkLimits, checkLogout, checkMemory, checkProc } from './process-rules.js';
import { checkDiskSpace, checkFileSystem, checkStateFolder } from './state-rules.js';
import type { Survey } from './survey.js';
import { checkDetaching, checkOptionalTools, checkRequiredTools } from './tool-rules.js';

/** When the host was asked, by the clock of the laptop, in milliseconds since the epoch. */
export interface AskedAt {
  readonly beforeMs: number;
  readonly afterMs: number;
}

const NOTED_SECONDS = 5;
const WARNED_SECONDS = 60;
/** The default of sshd, from which on it turns logins away at random. */
const USUAL_STARTUPS = 10;

/** Says what a survey of a host means, the worst first; each check has at least one finding. */
export function diagnoseHost(survey: Survey, asked: AskedAt): Finding[] {
  return sortFindings([
    checkLogout(survey),
    checkStateFolder(survey),
    ...checkFileSystem(survey),
    ...checkDiskSpace(survey),
    ...checkRequiredTools(survey),
    ...checkOptionalTools(survey),
    checkDetaching(survey),
    ...checkProc(survey),
    checkInit(survey),
    checkShell(survey),
    checkRcOutput(survey),
    checkRcInput(survey),
    checkClock(survey, asked),
    ...checkServer(survey),
    ...checkLimits(survey),
    checkMemory(survey),
  ]);
}

/** The host's clock against the laptop's; it was read at some moment between question and answer. */
function checkClock({ epoch }: Survey, { beforeMs, afterMs }: AskedAt): Finding {
  if (epoch === null || epoch === 0)
    return createFinding('clock', 'note', 'the host has no clock to ask: no time is known');
  const ahead = epoch - Math.floor(afterMs / 1000);
  const behind = Math.floor(beforeMs / 1000) - epoch;
  const off = Math.max(ahead, behind);
  if (off <= NOTED_SECONDS) return createFinding('clock', 'ok', 'the clocks of host and laptop agree');
  const level = off > WARNED_SECONDS ? 'warning' : 'note';
  const where = ahead > 0 ? 'ahead of' : 'behind';
  const message = `the host's clock is ${off} s ${where} this laptop's, and so are all times that it tells`;
  return createFinding('clock', level, message, 'set the wrong one, on systemd with: sudo timedatectl set-ntp true');
}

/** What sshd says of its limits; every verb has one connection to a host at a time, and a start a second one after it. */
function checkServer({ server }: Survey): Finding[] {
  const findings: Finding[] = [];
  const startups = Number(server.maxStartups?.split(':')[0] ?? Number.NaN);
  if (startups < USUAL_STARTUPS) {
    const message = `sshd turns logins away from ${startups} at a time on (MaxStartups ${server.maxStartups})`;
    const remedy = `as a jump host, keep --parallel below ${startups}, or raise MaxStartups in /etc/ssh/sshd_config`;
    findings.push(createFinding('sshd', 'note', message, remedy));
  }
  if (server.maxSessions === 1) {
    const message =
      'sshd allows one session in a connection (MaxSessions 1): what outlast asks for at once waits its turn';
    findings.push(createFinding('sshd', 'note', message));
  }
  return findings.length > 0
    ? findings
    : [createFinding('sshd', 'ok', 'no limit of sshd that can be seen is in the way')];
}
