import { bootstrap } from './bootstrap.mjs';
import { HELP, parseFaultArgs } from './parse-fault-args.mjs';

/** Stands in front of a server with the faults that were asked for, until Ctrl-C; resolves to the exit code. */
export async function main(args) {
  const options = parseFaultArgs(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  await bootstrap();
  // The repository's own packages are not installed at its root, so this one has no name here.
  const { startTcpProxy } = await import('../packages/test-fixtures/dist/index.js');
  const proxy = await startTcpProxy(options.target, { port: options.port });
  proxy.spoil(options.faults, options.only);
  const ended = waitForSignal();
  process.stdout.write(`listening on 127.0.0.1:${proxy.port}; Ctrl-C ends it\n`);
  await ended;
  await proxy.stop();
  process.stdout.write(formatTraffic(proxy));
  return 0;
}

function waitForSignal() {
  return new Promise((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, resolve);
  });
}

/** So that the next run can be cut at a byte that exists. */
function formatTraffic(proxy) {
  const numbers = Array.from({ length: proxy.accepted }, (_, index) => index + 1);
  return numbers
    .map((number) => {
      const { request, reply } = proxy.traffic(number);
      return `connection ${number}: ${request} bytes of the request arrived, ${reply} of the reply\n`;
    })
    .join('');
}
