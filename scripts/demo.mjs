import { Interruption, watchInterruption } from './demo/interruption.mjs';
import { createNarrator } from './demo/narrator.mjs';
import { runProgramme } from './demo/programme.mjs';
import { CleanupFailure } from './demo/stage.mjs';

/**
 * Shows outlast's main job on two SSH hosts inside this process; resolves to the exit code.
 *
 * @param {ReturnType<typeof import('./demo/parse-demo-args.mjs').parseDemoArgs>} options
 */
export async function runDemo(options) {
  const { stdout, env } = process;
  const narrator = createNarrator(stdout, stdout.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb');
  const interruption = watchInterruption();
  try {
    await runProgramme(options, { narrator, signal: interruption.signal });
    return 0;
  } catch (error) {
    const isBrokenOff = interruption.signal.aborted && !(error instanceof CleanupFailure);
    return reportEnd(isBrokenOff ? interruption.signal.reason : error);
  } finally {
    interruption.stop();
  }
}

function reportEnd(error) {
  if (!(error instanceof Interruption)) {
    process.stderr.write(`${process.env.OUTLAST_DEBUG ? error.stack : error.message}\n`);
    return 1;
  }
  if (error.message !== '') process.stderr.write(`${error.message}\n`);
  return error.exitCode;
}
