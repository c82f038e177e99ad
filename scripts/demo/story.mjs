import {
  fetchPages,
  findProcesses,
  killFollower,
  showLogs,
  showStatus,
  showStopped,
  startApp,
  stopApp,
} from './steps.mjs';
import { openTerminal } from './terminal.mjs';

const STEPS = [
  ['Follow its log, and kill the client with kill -9', killFollower],
  ['Status from another laptop: another home, no local state', showStatus],
  ['Fetch its page from each host', fetchPages],
  ['Read its log', showLogs],
  ['Stop it everywhere', stopApp],
  ['Status again', showStopped],
];

/**
 * Carries one app through its life, each step with what it has to show.
 *
 * @throws Error naming the step that failed and what was expected; the signal's reason when interrupted
 */
export async function tellStory(app, stage, { narrator, signal }) {
  const context = { narrator, signal };
  const here = openTerminal(stage.laptop, context);
  const there = openTerminal(stage.otherLaptop, context);
  const scene = { app, stage, here, there, ...context };
  narrator.title('Two SSH hosts inside this demo, with fresh host keys and a login by key');
  for (const { alias, address, port } of stage.hosts) narrator.line(`${alias}  ${address}:${port}`);
  await takeStep(scene, `Start ${app.what} on both`, startApp);
  const processes = await takeStep(scene, 'Let it come up', findProcesses);
  for (const [title, step] of STEPS) await takeStep(scene, title, (all) => step(all, processes));
}

async function takeStep(scene, title, step) {
  const { narrator, signal } = scene;
  signal.throwIfAborted();
  narrator.title(title);
  try {
    return await step(scene);
  } catch (error) {
    signal.throwIfAborted();
    throw new Error(`The step "${title}" failed: ${error.message}`, { cause: error });
  }
}
