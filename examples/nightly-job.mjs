// Starts a job on a host and waits for its end, which may be hours away: the job outlives every connection, and the waiting goes on over
// another one. Should this program be killed, the job runs on; started again with the same words, it waits for the same job. Ends with
// the job's exit code, and shows the end of its log when that is not 0.
//
//   node nightly-job.mjs backup@db1 nightly-dump -- /usr/local/bin/dump --all
import { connect, logs, OutlastError } from 'outlast';

const LOG_BYTES = 4096;

const [name, app, dashes, ...argv] = process.argv.slice(2);
if (name === undefined || app === undefined || dashes !== '--') {
  console.error('usage: node nightly-job.mjs HOST APP -- PROGRAM [ARGUMENTS]');
  process.exit(2);
}

const host = await connect(name, { configFile: process.env.SSH_CONFIG });
try {
  process.exitCode = await runJob(app);
} finally {
  await host.close();
}

/** @param {string} job */
async function runJob(job) {
  try {
    const { changed, report } = await host.start(job, { argv, settleMs: 0 });
    console.log(`${job} ${changed ? 'was started' : 'runs already'}, pid ${report.pid}`);
  } catch (error) {
    if (!isQuickEnd(error)) throw error;
  }
  const { state, exitCode, signal, endedAt } = await host.wait(job);
  console.log(`${job} ${state}, exit code ${exitCode ?? 'unknown'}, signal ${signal ?? 'none'}, at ${endedAt}`);
  if (exitCode !== 0) {
    for (const { data } of await host.run(logs, { apps: [job], bytes: LOG_BYTES }))
      process.stderr.write(data.subarray(-LOG_BYTES));
  }
  return exitCode ?? 1;
}

/**
 * A job may be done before anybody has looked at it twice. For a service that is an error; how the job has ended, the wait tells.
 *
 * @param {unknown} error
 */
function isQuickEnd(error) {
  if (!(error instanceof OutlastError)) return false;
  return error.code === 'E_NOT_DETACHED' || (error.code === 'E_START_FAILED' && error.details.exitCode !== undefined);
}
