// How many round trips a connection takes, by the slope over a link with a delay: real sshd, real TCP, `ssh` beside it in the same run.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createSsh2Transport } from '../packages/cli/dist/ssh/ssh2-transport.js';
import { status } from '../packages/core/dist/index.js';
import { createLaptop, startProcessSshd, varyHost } from '../packages/test-fixtures/dist/index.js';

const FAR = '10.9.0.2';
const PORT = 2222;
const RTTS_MS = [40, 160];
const repeats = Number(process.argv[2] ?? 5);

if (process.env.OUTLAST_BENCH_NAMESPACE === undefined) {
  const argv = ['-n', process.execPath, ...process.argv.slice(1)];
  process.exit(
    spawnSync('unshare', argv, { stdio: 'inherit', env: { ...process.env, OUTLAST_BENCH_NAMESPACE: '1' } }).status ?? 1,
  );
}

const link = await startSlowLink();
const host = await startProcessSshd({
  alias: 'far',
  port: PORT,
  config: [`ListenAddress ${FAR}:${PORT}`],
  launcher: ['nsenter', `--net=/proc/${link.pid}/ns/net`],
});
let kept;
const laptop = await createLaptop([varyHost(host, { address: FAR })]);
const SHELL = 'exec /bin/sh -s';
const script = status.build({ apps: [] }, { nonce: 'abcdefabcdefabcdefabcdef' });
const plainFile = `${laptop.home}/plain.json`;
const memoryFile = `${laptop.home}/connections.json`;
try {
  const cases = {
    'ssh true': () => laptop.run(['ssh', '-F', laptop.sshConfig, 'far', 'true']),
    'outlast, never met, exec true': () => run('true', undefined),
    'outlast, exec true': () => run('true', memoryFile),
    'outlast warm, exec true': () => warm('true'),
    'ssh, script on stdin': () => laptop.run(['ssh', '-F', laptop.sshConfig, 'far', SHELL], { input: script }),
    'outlast, script on stdin': () => run(SHELL, memoryFile, script),
    'outlast, nothing ahead, exec true': () => run('true', plainFile),
  };
  await run('true', memoryFile);
  await run('true', plainFile);
  await new Promise(r => setTimeout(r, 500));
  writeFileSync(plainFile, readFileSync(memoryFile, 'utf8').replace('"program"', '"nothing"'));
  for (const [name, run] of Object.entries(cases)) {
    const [near, far] = [await measure(RTTS_MS[0], run), await measure(RTTS_MS[1], run)];
    process.stdout.write(
      `${name.padEnd(36)} ${((far - near) / (RTTS_MS[1] - RTTS_MS[0])).toFixed(2)} RTT  (${near.toFixed(0)} ms at ${RTTS_MS[0]})\n`,
    );
  }
} finally {
  await kept?.connection.close();
  await laptop.remove();
  await host.stop();
  link.stop();
}

function createTransport(memoryFile) {
  return createSsh2Transport({
    sshOptions: { configFile: laptop.sshConfig, identityFiles: [], options: [] },
    prompter: { interactive: false },
    env: laptop.env,
    ...(memoryFile === undefined ? {} : { memoryFile }),
  });
}

async function run(line, memoryFile, input) {
  const transport = createTransport(memoryFile);
  const target = { name: 'far', destination: 'far' };
  const { connection, channel } = await transport.connectAndExec(target, { line, ...(input ? {input} : {}) }, { connectTimeoutMs: 30_000 });
  await readToEnd(channel);
  void connection.close().then(() => transport.close());
}

async function warm(line) {
  if (kept === undefined) {
    kept = await createTransport().connectAndExec({ name: 'far', destination: 'far' }, { line }, { connectTimeoutMs: 30_000 });
    await readToEnd(kept.channel);
    return;
  }
  await readToEnd(await kept.connection.exec({ line }));
  return () => new Promise((r) => setTimeout(r, 700));
}

async function readToEnd(channel) {
  channel.stdin.end();
  channel.stdout.resume();
  channel.stderr.resume();
  await channel.ended;
}

async function measure(rtt, run) {
  await link.setDelay(rtt / 2);
  const times = [];
  for (let i = 0; i < repeats; i++) {
    const began = performance.now();
    const rest = await run();
    times.push(performance.now() - began);
    await rest?.call?.();
  }
  if (process.env.V) console.log(times.map(Math.round).join(" "));
  return times.sort((a, b) => a - b)[Math.floor(repeats / 2)];
}

async function startSlowLink() {
  const child = spawn('python3', [new URL('slow-link.py', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    pid: child.pid,
    async setDelay(ms) {
      child.stdin.write(`${ms}\n`);
      await lines.next();
    },
    stop: () => child.stdin.end(),
  };
}
