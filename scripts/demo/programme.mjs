import { checkMachine } from './check-machine.mjs';
import { formatOwnServer, formatPlayground } from './closing-words.mjs';
import { createHelloApp } from './hello-app.mjs';
import { waitForAbort } from './interruption.mjs';
import { openStage } from './stage.mjs';
import { tellStory } from './story.mjs';
import { createStreamlitApp } from './streamlit-app.mjs';

/**
 * Runs the demo from the first host to the last word, and removes everything that it made, however it ends.
 *
 * @throws Error saying what is missing, or which step failed; the signal's reason when interrupted
 */
export async function runProgramme({ streamlit, keep, port }, { narrator, signal }) {
  const ports = port === undefined ? [] : [port, port + 1];
  await checkMachine(ports);
  const app = streamlit ? await createStreamlitApp(ports, { narrator, signal }) : createHelloApp(ports);
  const stage = await openStage();
  try {
    signal.throwIfAborted();
    for (const [index, host] of stage.hosts.entries()) await app.install(host, index);
    await tellStory(app, stage, { narrator, signal });
    if (keep) {
      narrator.line(formatPlayground(app, stage));
      await waitForAbort(signal);
    }
  } finally {
    await stage.close();
  }
  narrator.title('The hosts, their folders and their processes are gone: nothing is left behind.');
  narrator.line(formatOwnServer());
}
