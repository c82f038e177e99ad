import { bootstrap } from './bootstrap.mjs';
import { HELP, parseDemoArgs, UsageError } from './demo/parse-demo-args.mjs';

/** Installs and builds what is needed, then shows outlast's main job; resolves to the exit code. */
export async function main(args) {
  let options;
  try {
    options = parseDemoArgs(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  await bootstrap();
  const { runDemo } = await import('./demo.mjs');
  return runDemo(options);
}
