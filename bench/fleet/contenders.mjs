// What is compared: how each is asked for a line on many hosts, and which version of it is there.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/outlast.mjs', import.meta.url));
const FABRIC = fileURLToPath(new URL('run-fabric.py', import.meta.url));
const MEASURE = fileURLToPath(new URL('../measure.py', import.meta.url));

/** Lists the contenders that are on this machine; `missing` is told of each that is not. `python` is the one that has fabric, if any. */
export function findContenders({ python, home, missing }) {
  const all = buildContenders(python);
  return all.flatMap((contender) => {
    const { stdout, stderr, status } = spawnSync(contender.version[0], contender.version.slice(1), {
      encoding: 'utf8',
    });
    if (status !== 0) missing(contender.name);
    const version = /\d+(\.\d+)+(-\w+)*/.exec(`${stdout}${stderr}`)?.[0];
    return status === 0 ? [{ ...contender, version, env: { ...buildEnv(home), ...contender.env } }] : [];
  });
}

function buildContenders(python) {
  return [
    {
      name: 'outlast',
      version: [BIN, '--version'],
      argv: ({ config, range }, atOnce, words) => [
        BIN,
        'exec',
        '-F',
        config,
        '-P',
        atOnce,
        '-H',
        range,
        '--',
        ...words,
      ],
      streams: true,
    },
    {
      name: 'clush',
      version: ['clush', '--version'],
      argv: ({ config, range }, atOnce, words) => [
        'clush',
        '-S',
        '-f',
        atOnce,
        '-o',
        `-F ${config}`,
        '-w',
        range,
        ...words,
      ],
      streams: true,
    },
    {
      name: 'pdsh',
      version: ['pdsh', '-V'],
      argv: ({ config, range }, atOnce, words) => [
        ...['env', `PDSH_SSH_ARGS_APPEND=-F ${config}`],
        ...['pdsh', '-S', '-R', 'ssh', '-f', atOnce, '-w', range, ...words],
      ],
      streams: true,
    },
    {
      name: 'pssh',
      version: ['parallel-ssh', '--version'],
      argv: ({ config, hosts }, atOnce, words) => [
        ...['parallel-ssh', '-P', '-t', '0', '-p', atOnce, '-h', hosts, '-x', `-F ${config}`],
        words.join(' '),
      ],
      streams: true,
    },
    {
      name: 'ansible',
      version: ['ansible', '--version'],
      // Without the connections that it would leave behind, whose processor time nobody counts.
      argv: ({ config, hosts }, atOnce, words) => [
        ...['env', `ANSIBLE_SSH_ARGS=-F ${config}`],
        ...['ansible', 'all', '-i', hosts, '-f', atOnce, '-m', 'raw', '-a', words.join(' ')],
      ],
      streams: false,
      // It takes so long that more than one round would be most of the run.
      once: true,
    },
    {
      name: 'fabric',
      version: python === undefined ? ['false'] : [python, '-c', 'import fabric; print(fabric.__version__)'],
      argv: ({ config, hosts }, atOnce, words) => [python, FABRIC, config, hosts, atOnce, words.join(' ')],
      streams: false,
    },
  ];
}

// Node reads every certificate of NODE_EXTRA_CA_CERTS before it does anything else: that is the machine's doing, and not the program's.
function buildEnv(home) {
  const { PATH } = process.env;
  return { PATH, HOME: home, USER: 'root', LOGNAME: 'root', LANG: 'C.UTF-8', TERM: 'dumb' };
}

/** Runs a contender once, and gives what measure.py tells of it. */
export function measure(contender, fleet, words, { atOnce = 32, tree = false } = {}) {
  const argv = contender.argv(fleet, String(atOnce), words);
  const given = [MEASURE, ...(tree ? ['--tree'] : []), ...argv];
  const { stdout, stderr, status } = spawnSync('python3', given, { env: contender.env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${contender.name} could not be measured: ${stderr}`);
  const told = JSON.parse(stdout);
  if (told.status !== 0) throw new Error(`${argv.join(' ')} ended with ${told.status}: ${told.stderr}`);
  return told;
}
