import { createFinding, type Finding, quoteForMessage, sortFindings } from '@outlast/core';
import { countFiles, countHosts } from '../fleet/parallel.js';
import type { AccessSurvey } from '../ssh/authentication/survey-access.js';
import { ANY_HOST, type LaptopSurvey } from './survey-laptop.js';

const MOST_NAMED = 5;

/** Says what a survey of this laptop means, the worst first; each check has at least one finding. */
export function diagnoseLaptop(survey: LaptopSurvey): Finding[] {
  return sortFindings([
    checkConfiguration(survey),
    checkNode(survey),
    checkSsh(survey),
    ...unique(survey.access.flatMap(checkSshConfiguration)),
    ...unique(survey.access.flatMap((access) => checkIdentities(access, survey))),
    ...unique(survey.access.flatMap(checkKnownHosts)),
    checkOpenFiles(survey),
  ]);
}

/** Two transports look at much the same. */
function unique(findings: readonly Finding[]): Finding[] {
  const isFirst = ({ message }: Finding, index: number) =>
    findings.findIndex((other) => other.message === message) === index;
  return findings.filter(isFirst);
}

function checkConfiguration({ config }: LaptopSurvey): Finding {
  const { error, files } = config;
  if (error !== null) return createFinding('configuration', 'problem', error.message, error.details.hint ?? null);
  if (files.length > 0) return createFinding('configuration', 'ok', `${files.join(' and ')} can be read and is valid`);
  return createFinding(
    'configuration',
    'ok',
    'no outlast.yaml from here upwards: hosts and apps come from flags',
    'outlast init',
  );
}

function checkNode({ nodeVersion }: LaptopSurvey): Finding {
  if (isSupportedNode(nodeVersion)) return createFinding('node', 'ok', `Node ${nodeVersion}`);
  const message = `outlast was never tried with Node ${nodeVersion}`;
  return createFinding(
    'node',
    'warning',
    message,
    'install Node 20.19, 22.12 or later: https://nodejs.org/en/download',
  );
}

/** As `engines` of the package has it. */
function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 20) return minor >= 19;
  if (major === 22) return minor >= 12;
  return major > 22;
}

function checkSsh({ sshVersion, access }: LaptopSurvey): Finding {
  if (sshVersion !== null) return createFinding('ssh', 'ok', sshVersion);
  if (access.some(({ transport }) => transport === 'openssh')) {
    const remedy = 'install the OpenSSH client, or use ssh2 (--transport, or transport: in outlast.yaml)';
    return createFinding('ssh', 'problem', 'no ssh on PATH: the transport openssh reaches no host', remedy);
  }
  const message = 'no ssh on PATH: ~/.ssh/config is not read, only the flags -l, -i, -J and -o count';
  return createFinding('ssh', 'warning', message, 'install the OpenSSH client');
}

function checkSshConfiguration({ refusals }: AccessSurvey): Finding[] {
  if (refusals.length === 0) return [createFinding('ssh-configuration', 'ok', 'the ssh configuration can be read')];
  return refusals.map(({ message, details }) =>
    createFinding('ssh-configuration', 'problem', message, details.hint ?? null),
  );
}

function checkIdentities(access: AccessSurvey, { hasAgent }: LaptopSurvey): Finding[] {
  const findings = checkMissingKeys(access, hasAgent);
  for (const reason of access.skipped) {
    const remedy = reason.startsWith('agent: ') ? 'eval "$(ssh-agent)" && ssh-add' : null;
    findings.push(createFinding('identities', 'note', `left out: ${reason}`, remedy));
  }
  if (findings.length > 0) return findings;
  return [createFinding('identities', 'ok', `keys to try: ${access.identities.join(', ') || 'none is wanted'}`)];
}

function checkMissingKeys({ withoutKey, transport }: AccessSurvey, hasAgent: boolean): Finding[] {
  if (withoutKey.length === 0) return [];
  const message = `no key to log in with${formatHosts(withoutKey)}`;
  const remedy = hasAgent ? 'ssh-add, or name a key with -i' : 'ssh-keygen -t ed25519, or name a key with -i';
  if (transport === 'ssh2') {
    return [createFinding('identities', 'warning', `${message}: only a password could be asked for`, remedy)];
  }
  const rest = 'ssh is left with what it can do without, such as GSSAPI, a token or a password';
  return [createFinding('identities', 'note', `${message}: ${rest}`, remedy)];
}

/** None is named where the question was about hosts in general. */
function formatHosts(hosts: readonly string[]): string {
  const named = hosts.filter((host) => host !== ANY_HOST.destination);
  const rest = named.length > MOST_NAMED ? `, and ${named.length - MOST_NAMED} more` : '';
  return named.length === 0 ? '' : ` to ${named.slice(0, MOST_NAMED).join(', ')}${rest}`;
}

/** What becomes of hosts when a known_hosts file cannot be read. */
const UNREADABLE_KNOWN_HOSTS = {
  ssh2: { level: 'problem', consequence: 'no host key can be checked and no host is reached' },
  openssh: { level: 'warning', consequence: 'ssh takes each host in it for unknown' },
} as const;

function checkKnownHosts({ knownHosts, transport }: AccessSurvey): Finding[] {
  const { level, consequence } = UNREADABLE_KNOWN_HOSTS[transport];
  const unreadable = knownHosts.filter(({ problem }) => problem !== null && problem !== 'ENOENT');
  if (unreadable.length > 0) {
    return unreadable.map(({ path, problem }) => {
      const message = `${path} cannot be read (${problem}), so ${consequence}`;
      const remedy = `make it readable, or name another one: -o UserKnownHostsFile=…; see: ls -l ${quoteForMessage(path)}`;
      return createFinding('known-hosts', level, message, remedy);
    });
  }
  const found = knownHosts.filter(({ problem }) => problem === null).map(({ path }) => path);
  if (found.length > 0) return [createFinding('known-hosts', 'ok', `host keys are known from ${found.join(', ')}`)];
  const message = 'there is no known_hosts file yet: each host key is asked about once, and off a terminal refused';
  return [createFinding('known-hosts', 'note', message)];
}

function checkOpenFiles({ openFiles, parallel, access }: LaptopSurvey): Finding {
  const transports = access.map(({ transport }) => transport);
  const needed = countFiles(parallel, transports);
  if (openFiles === null) return createFinding('open-files', 'ok', 'how many files may be open was not seen');
  if (openFiles >= needed) return createFinding('open-files', 'ok', `${openFiles} files may be open`);
  const files = `${openFiles} files may be open (ulimit -n)`;
  const fewer = countHosts(openFiles, transports);
  const [level, consequence] =
    fewer === 0
      ? (['warning', 'which may be too few for one host'] as const)
      : (['note', `so ${fewer} hosts are done at the same time, not ${parallel}`] as const);
  return createFinding('open-files', level, `${files}, ${consequence}`, `ulimit -n ${needed}`);
}
