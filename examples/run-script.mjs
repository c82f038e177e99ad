// Runs a script of this machine on a host, and shows what it prints while it runs. Ends as the script does.
//
//   node run-script.mjs deploy@192.0.2.11 ./migrate.sh --dry-run
import { createReadStream } from 'node:fs';
import { connect } from 'outlast';

const [name, script, ...words] = process.argv.slice(2);
if (name === undefined || script === undefined) {
  console.error('usage: node run-script.mjs HOST SCRIPT [ARGUMENTS]');
  process.exit(2);
}

const host = await connect(name, { configFile: process.env.SSH_CONFIG });
try {
  const { exitCode, signal } = await host.exec(['sh', '-s', '--', ...words], {
    stdin: createReadStream(script),
    stdout: process.stdout,
    stderr: process.stderr,
  });
  if (signal !== null) console.error(`killed by ${signal}`);
  process.exitCode = exitCode ?? 1;
} finally {
  await host.close();
}
