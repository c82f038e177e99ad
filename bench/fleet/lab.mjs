// Real sshd under as many addresses as are wanted, near and behind a link with a delay, and what all contenders are given to reach them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcessSshd } from '../../packages/test-fixtures/dist/index.js';
import { startSlowLink } from '../handshake/slow-link.mjs';

const PORT = 22;
// Where the fixture's own loopback address is, which would be in the way of all addresses.
const ASIDE = 2222;
const KEX = 'curve25519-sha256';
const A_FOLDER = 250;
// Every address of these networks is the sshd's: those of the loopback anyway, the others by a route at the far end.
const NEAR = '127.1';
const FAR = '10.10';

/** Starts both; this process has to be in a network namespace of its own. */
export async function startFleetLab() {
  const folder = mkdtempSync(join(tmpdir(), 'outlast-fleet-'));
  const link = await startSlowLink();
  run('ip', 'route', 'add', `${FAR}.0.0/16`, 'via', '10.9.0.2');
  const [program, ...words] = link.launcher;
  run(program, ...words, 'ip', 'route', 'add', 'local', `${FAR}.0.0/16`, 'dev', 'lo');
  const near = await startProcessSshd(describe());
  const far = await startProcessSshd({ ...describe(), launcher: link.launcher });
  const keyFile = join(folder, 'id');
  writeFileSync(keyFile, near.clientKey.privateKey, { mode: 0o600 });
  writeFileSync(`${keyFile}.pub`, `${near.clientKey.publicKey}\n`);
  let fleets = 0;
  return {
    folder,
    setRoundTrip: (ms) => link.setRoundTrip(ms),
    /** Describes so many hosts; `kex` holds the key exchange to the one that all contenders have. */
    buildFleet(count, { isFar = false, kex = false } = {}) {
      const at = join(folder, String(fleets++));
      const host = isFar ? far : near;
      const addresses = listAddresses(isFar ? FAR : NEAR, count);
      const files = { config: `${at}.config`, knownHosts: `${at}.known_hosts`, hosts: `${at}.hosts` };
      const keys = addresses.flatMap((address) => host.hostKeys.map((key) => `${address} ${key}\n`));
      writeFileSync(files.knownHosts, keys.join(''));
      writeFileSync(files.hosts, addresses.map((address) => `${address}\n`).join(''));
      writeFileSync(files.config, buildConfig({ user: host.user, keyFile, knownHosts: files.knownHosts, kex }));
      return { ...files, count, range: foldAddresses(isFar ? FAR : NEAR, count) };
    },
    async stop() {
      await near.stop();
      await far.stop();
      link.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function describe() {
  return { port: ASIDE, config: [`ListenAddress 0.0.0.0:${PORT}`, 'MaxStartups 1000', 'LogLevel ERROR'] };
}

function buildConfig({ user, keyFile, knownHosts, kex }) {
  const settings = {
    User: user,
    IdentityFile: keyFile,
    IdentitiesOnly: 'yes',
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    ...(kex ? { KexAlgorithms: KEX } : {}),
  };
  const lines = Object.entries(settings).map(([key, value]) => `  ${key} ${value}\n`);
  return `Host *\n${lines.join('')}`;
}

function listAddresses(network, count) {
  return Array.from({ length: count }, (_, at) => `${network}.${Math.floor(at / A_FOLDER)}.${(at % A_FOLDER) + 1}`);
}

/** The same as a list of ranges, which all of outlast, clush and pdsh understand. */
function foldAddresses(network, count) {
  const ranges = [];
  for (let at = 0; at < count; at += A_FOLDER) {
    const last = Math.min(A_FOLDER, count - at);
    ranges.push(`${network}.${at / A_FOLDER}.${last === 1 ? '1' : `[1-${last}]`}`);
  }
  return ranges.join(',');
}

function run(program, ...words) {
  const { status, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (error || status !== 0) throw error ?? new Error(`${program} ${words.join(' ')}: ${stderr}`);
}
