// Logs in to a host so many times, 32 at a time, runs `true` there, and prints the processor time of one in microseconds.
// Run by logins.mjs, as a process of its own for each library.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const AT_ONCE = 32;
const [library, count, where] = process.argv.slice(2);
const { address, port, user, keyFile, knownHosts, sshConfig, nodeSsh, memoryFile } = JSON.parse(where);

const login = library === 'outlast' ? await prepareOutlast() : await prepareNodeSsh();
// What is compiled and loaded once is not what a login costs.
await logInTimes(AT_ONCE);
const before = process.cpuUsage();
await logInTimes(Number(count));
const { user: inUser, system } = process.cpuUsage(before);
process.stdout.write(`${(inUser + system) / Number(count)}\n`);
process.exit(0);

async function logInTimes(times) {
  let left = times;
  const lane = async () => {
    while (left-- > 0) await login();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function prepareOutlast() {
  const { createSsh2Transport } = await import('../../packages/cli/dist/ssh/ssh2/transport.js');
  const transport = createSsh2Transport({
    sshOptions: { configFile: sshConfig, identityFiles: [], options: [] },
    prompter: { interactive: false },
    env: process.env,
    memoryFile,
  });
  return async () => {
    const target = { name: 'near', destination: 'near' };
    const { connection, channel } = await transport.connectAndExec(
      target,
      { line: 'true' },
      { connectTimeoutMs: 60_000 },
    );
    channel.stdout.resume();
    channel.stderr.resume();
    const { exitCode } = await channel.ended;
    if (exitCode !== 0) throw new Error(`true ended with ${exitCode}`);
    await connection.close();
  };
}

/** As its users call it, but with the same key exchange and a host key that is looked at. */
async function prepareNodeSsh() {
  const require = createRequire(pathToFileURL(`${nodeSsh}/`));
  const { NodeSSH } = require('node-ssh');
  return async () => {
    const ssh = new NodeSSH();
    await ssh.connect({
      host: address,
      port,
      username: user,
      privateKeyPath: keyFile,
      algorithms: { kex: ['curve25519-sha256'], cipher: ['aes128-gcm@openssh.com'] },
      hostVerifier: (key) => knownHosts.includes(key.toString('base64')),
    });
    const { code } = await ssh.execCommand('true');
    if (code !== 0) throw new Error(`true ended with ${code}`);
    ssh.dispose();
  };
}
