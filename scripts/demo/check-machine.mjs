import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';

/**
 * Makes sure that this machine can be a host.
 *
 * @param {readonly number[]} ports that have to be free
 * @throws Error with one line saying what is missing
 */
export async function checkMachine(ports) {
  if (!existsSync('/bin/sh')) throw new Error('no /bin/sh on this machine: the hosts of the demo run it');
  if (!existsSync('/proc/self/stat')) {
    throw new Error('no /proc on this machine: run the demo on Linux, in a container or a virtual machine');
  }
  checkTemporaryFolder();
  for (const port of ports) await checkPort(port);
}

function checkTemporaryFolder() {
  try {
    accessSync(tmpdir(), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`no files can be made in ${tmpdir()} (${error.code}): set TMPDIR to a folder of yours`);
  }
}

async function checkPort(port) {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    const why = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`;
    throw new Error(`port ${port} ${why}: choose another one with --port, or leave --port away`);
  }
  server.close();
  await once(server, 'close');
}
