import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DEBIAN_PACKAGES } from './debian-packages.mjs';
import { findProgram } from './find-program.mjs';
import { runStep, StepError } from './run-step.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs the Debian packages that the tests need and that are missing, saying which; where this machine is no Debian or
 * we are not root, prints the line that does it.
 */
export async function ensureDebianPackages() {
  const missing = DEBIAN_PACKAGES.filter((entry) => !isPresent(entry));
  if (missing.length === 0) return;
  if (!isDebian()) return tell(missing, 'not a Debian; install with its own package manager what Debian calls');
  if (process.getuid() !== 0) return tell(missing, 'to run every test: sudo apt-get install --no-install-recommends');
  await install(missing).catch(ignoreFailedStep);
}

// The step has shown what went wrong; the tests that lack something are skipped and say so.
function ignoreFailedStep(error) {
  if (!(error instanceof StepError)) throw error;
}

function isPresent({ packages, program, probe }) {
  if (program !== undefined && findProgram(program) !== undefined) return true;
  if (probe !== undefined && spawnSync(probe[0], probe.slice(1), { stdio: 'ignore', timeout: 20_000 }).status === 0)
    return true;
  return packages.some(isInstalled);
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg', ['-s', name], { encoding: 'utf8' });
  return stdout?.includes('\nStatus: install ok installed\n') ?? false;
}

function isDebian() {
  if (findProgram('apt-get') === undefined || !existsSync('/etc/os-release')) return false;
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
}

function tell(missing, lead) {
  const names = missing.map(({ packages }) => packages.find(isInArchive) ?? packages[0]);
  process.stderr.write(`${lead} ${[...new Set(names)].join(' ')}\n`);
}

async function install(missing) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };
  // One source out of reach does not mean that what we need is: the installation decides.
  await runStep('reading the lists of Debian packages', 'apt-get', ['update'], { env }).catch(ignoreFailedStep);
  const names = chooseNames(missing);
  if (names.length === 0) return;
  process.stderr.write(`installing for the tests: ${names.join(' ')}\n`);
  const options = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  await withoutStartingServices(() =>
    runStep('installing them', 'apt-get', ['install', ...options, ...names], { env }),
  );
}

function chooseNames(missing) {
  const names = new Set();
  for (const { packages, reason } of missing) {
    const name = packages.find(isInArchive);
    if (name === undefined) process.stderr.write(`no package ${packages.join(' or ')} for this release (${reason})\n`);
    else names.add(name);
  }
  return [...names];
}

function isInArchive(name) {
  try {
    return execFileSync('apt-cache', ['show', name], { encoding: 'utf8', stdio: 'pipe' }).trim() !== '';
  } catch {
    return false;
  }
}

// The tests start the servers that they need themselves, each on a port and with a configuration of its own.
async function withoutStartingServices(action) {
  if (existsSync(POLICY)) return action();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await action();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
