// Restarts an app on one host after the other, and goes on only where it is healthy again: the first host where it is not is the last
// one touched. The health check is a shell line that runs on the host.
//
//   node rolling-restart.mjs dashboard 'web[1-3]' 'curl -fsS http://127.0.0.1:8501/_stcore/health'
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet } from 'outlast';

const HEALTHY_WITHIN_MS = Number(process.env.HEALTHY_WITHIN_MS ?? 30_000);

const [app, hosts, check] = process.argv.slice(2);
if (app === undefined || hosts === undefined || check === undefined) {
  console.error('usage: node rolling-restart.mjs APP HOSTS CHECK');
  process.exit(2);
}

const fleet = new Fleet(hosts, { configFile: process.env.SSH_CONFIG, serial: 1 });
try {
  const run = fleet.each(async (host) => {
    const { report } = await host.restart(app);
    await requireHealthy(host, check);
    return report.pid;
  });
  // The next host is begun when this loop has done with the one before.
  for await (const { host, ok, value, error } of run) {
    console.log(ok ? `${host}: healthy, pid ${value}` : `${host}: ${error.message}`);
    if (!ok) {
      process.exitCode = 1;
      break;
    }
  }
} finally {
  await fleet.close();
}

/**
 * @param {import('outlast').Host} host
 * @param {string} line
 */
async function requireHealthy(host, line) {
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    const { exitCode, stderr } = await host.exec(['sh', '-c', line], { timeoutMs: HEALTHY_WITHIN_MS });
    if (exitCode === 0) return;
    if (Date.now() > deadline) throw new Error(`not healthy: the check ended with ${exitCode}: ${stderr.trim()}`);
    await sleep(200);
  }
}
