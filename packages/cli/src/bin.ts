import { printTooFewFiles } from './output/print-too-few-files.js';
import { printVersion, readVersion } from './output/print-version.js';

// By which our launcher sizes the pool of threads: it stands by now, and what we start sizes its own.
if (process.env.OUTLAST_POOL_IS_OURS !== undefined) {
  delete process.env.OUTLAST_POOL_IS_OURS;
  delete process.env.UV_THREADPOOL_SIZE;
}
if (process.argv.length === 3 && process.argv[2] === '--version') {
  printVersion();
} else {
  const giveUp = (error: NodeJS.ErrnoException) => {
    printTooFewFiles(error);
    process.exit(2);
  };
  const { createInterruptError, main } = await import('./main.js').catch(giveUp);
  const interrupt = new AbortController();
  const onSignal = () => {
    // Whoever asks twice means now.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort(createInterruptError());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  const { argv, env } = process;
  process.exitCode = await main({
    words: argv.slice(2),
    version: readVersion(),
    env,
    cwd: process.cwd(),
    interrupt,
  }).catch(giveUp);
  // Our input may be a terminal or a pipe that nobody closes.
  process.exit();
}
