// Round trips from dial to the end of what was run, by the slope between two delays.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSsh2Transport } from '../../packages/cli/dist/ssh/ssh2/transport.js';
import { status } from '../../packages/core/dist/index.js';
import { createLaptop, startProcessSshd, varyHost } from '../../packages/test-fixtures/dist/index.js';
import { median } from '../median.mjs';
import { FAR_ADDRESS, startSlowLink } from './slow-link.mjs';

const PORT = 2222;
const ROUND_TRIPS_MS = [40, 160];
const SHELL = 'exec /bin/sh -s';
const TARGET = { name: 'far', destination: 'far' };
const closing = [];

/** Measures all cases, `repeats` times at each delay, in turn; gives their medians' slopes. */
export async function measureRoundTrips(repeats) {
  const link = await startSlowLink();
  const { launcher } = link;
  const far = await startProcessSshd({
    alias: 'far',
    port: PORT,
    config: [`ListenAddress ${FAR_ADDRESS}:${PORT}`],
    launcher,
  });
  const laptop = await createLaptop([varyHost(far, { address: FAR_ADDRESS })]);
  try {
    return await measureCases(await buildCases(laptop), link, repeats);
  } finally {
    await Promise.all(closing);
    await laptop.remove();
    await far.stop();
    link.stop();
  }
}

async function measureCases(cases, link, repeats) {
  const times = cases.map(() => ROUND_TRIPS_MS.map(() => []));
  for (const [delay, ms] of ROUND_TRIPS_MS.entries()) {
    await link.setRoundTrip(ms);
    for (let turn = 0; turn < repeats; turn++) {
      for (const [index, { prepare, run }] of cases.entries()) {
        await prepare?.(ms);
        const began = performance.now();
        await run();
        times[index][delay].push(performance.now() - began);
      }
    }
  }
  const [short, long] = ROUND_TRIPS_MS;
  return cases.map(({ name, goal }, index) => {
    const [near, away] = times[index].map(median);
    return { name, goal, value: (away - near) / (long - short) };
  });
}

async function buildCases(laptop) {
  const script = status.build({ apps: [] }, { nonce: '0123456789abcdef01234567' });
  const metFile = `${laptop.home}/met.json`;
  const plainFile = `${laptop.home}/plain.json`;
  await run(laptop, metFile, { line: 'true' });
  await Promise.all(closing);
  const doubted = `"doubts":2,"doubted":${Date.now()}`;
  const met = readFileSync(metFile, 'utf8').replace('"program"', '"authentication"');
  writeFileSync(plainFile, met.replace('"doubts":0,"doubted":0', doubted));
  const ssh = (line, options) => laptop.run(['ssh', '-F', laptop.sshConfig, 'far', line], options);
  const kept = await open(laptop, undefined, { line: 'true' });
  await readToEnd(kept.channel);
  return [
    { name: 'ssh: true', run: () => ssh('true') },
    { name: 'ssh: a script on stdin', run: () => ssh(SHELL, { input: script }) },
    { name: 'outlast: true', goal: 5.6, run: () => run(laptop, metFile, { line: 'true' }) },
    { name: 'outlast: status', goal: 6.3, run: () => run(laptop, metFile, { line: SHELL, input: script }) },
    {
      name: 'outlast: true, host never met',
      goal: 9.3,
      prepare: () => rmSync(`${laptop.home}/new.json`, { force: true }),
      run: () => run(laptop, `${laptop.home}/new.json`, { line: 'true' }),
    },
    { name: 'outlast: true, nothing ahead', goal: 10.5, run: () => run(laptop, plainFile, { line: 'true' }) },
    {
      name: 'outlast: true, over an open connection',
      goal: 1.6,
      // A connection is idle once the server has answered after the last channel.
      prepare: (ms) => sleep(3 * ms),
      run: async () => readToEnd(await kept.connection.exec({ line: 'true' })),
    },
  ];
}

async function open(laptop, memoryFile, request) {
  const transport = createSsh2Transport({
    sshOptions: { configFile: laptop.sshConfig, identityFiles: [], options: [] },
    prompter: { interactive: false },
    env: laptop.env,
    ...(memoryFile === undefined ? {} : { memoryFile }),
  });
  const opened = await transport.connectAndExec(TARGET, request, { connectTimeoutMs: 60_000 });
  return { ...opened, transport };
}

async function run(laptop, memoryFile, request) {
  const { connection, channel, transport } = await open(laptop, memoryFile, request);
  const end = await readToEnd(channel);
  if (end.exitCode !== 0) throw new Error(`it ended with ${end.exitCode}`);
  // Not waited for: what was run has ended.
  closing.push(connection.close().then(() => transport.close()));
}

function readToEnd(channel) {
  channel.stdin.end();
  channel.stdout.resume();
  channel.stderr.resume();
  return channel.ended;
}
