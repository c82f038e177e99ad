// Every app of a fleet as CSV, a line an app; a host that cannot be asked has a line with the reason.
//
//   node fleet-status.mjs 'web[1-3],db1' > status.csv
import { Fleet, status } from 'outlast';

const COLUMNS = ['host', 'app', 'state', 'pid', 'uptimeSeconds', 'cpuPercent', 'rssBytes', 'error'];

const [hosts] = process.argv.slice(2);
if (hosts === undefined) {
  console.error('usage: node fleet-status.mjs HOSTS');
  process.exit(2);
}

const fleet = new Fleet(hosts, { configFile: process.env.SSH_CONFIG, timeoutMs: 30_000 });
try {
  console.log(COLUMNS.join(','));
  for (const { host, ok, value, error } of await fleet.run(status, { apps: [] })) {
    if (!ok) {
      process.exitCode = 1;
      console.log(formatRow({ host, error: `${error.code}: ${error.message}` }));
      continue;
    }
    for (const { report } of value) console.log(formatRow({ host, ...report }));
  }
} finally {
  await fleet.close();
}

/** @param {Record<string, unknown>} row */
function formatRow(row) {
  return COLUMNS.map((name) => formatCell(row[name])).join(',');
}

/** @param {unknown} value */
function formatCell(value) {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
