// Processor time that a login takes on the laptop: outlast, node-ssh and ssh, all with curve25519.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLaptop, startProcessSshd } from '../../packages/test-fixtures/dist/index.js';

const KEX = 'curve25519-sha256';
const LOG_IN = fileURLToPath(new URL('log-in.mjs', import.meta.url));
// Prints the processor time of one of so many processes, in microseconds.
const TIME_CHILDREN = `
import resource, subprocess, sys
for _ in range(int(sys.argv[1])): subprocess.run(sys.argv[2:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((used.ru_utime + used.ru_stime) * 1e6 / int(sys.argv[1]))
`;

/** Measures in turn, `rounds` times; gives microseconds a login, one list a contender. `nodeSsh` is the folder that node-ssh is installed in. */
export async function measureLogins({ rounds, logins, nodeSsh }) {
  const host = await startProcessSshd({ alias: 'near' });
  const laptop = await createLaptop([host]);
  const keyFile = join(laptop.home, '.ssh/id_test');
  const where = {
    ...{ address: host.address, port: host.port, user: host.user, keyFile, sshConfig: laptop.sshConfig, nodeSsh },
    knownHosts: readFileSync(laptop.knownHosts, 'utf8'),
    memoryFile: join(laptop.home, 'connections.json'),
  };
  const logIn = (library) =>
    read(process.execPath, [LOG_IN, library, String(logins), JSON.stringify(where)], laptop.env);
  const ssh = ['ssh', '-F', laptop.sshConfig, '-o', `KexAlgorithms=${KEX}`, 'near', 'true'];
  const contenders = {
    outlast: () => logIn('outlast'),
    ...(nodeSsh === undefined ? {} : { 'node-ssh': () => logIn('node-ssh') }),
    ssh: () => read('python3', ['-c', TIME_CHILDREN, String(Math.ceil(logins / 4)), ...ssh], laptop.env),
  };
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [name, measure] of Object.entries(contenders)) times[name].push(measure());
    }
    return times;
  } finally {
    await laptop.remove();
    await host.stop();
  }
}

function read(program, argv, env) {
  const { status, stdout, stderr } = spawnSync(program, argv, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return Number(stdout);
}
