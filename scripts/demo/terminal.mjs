import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const TIMEOUT_MS = 60_000;

/**
 * Opens a terminal on a laptop of the demo.
 *
 * @param {{ spawn: Function, outlastPath: string }} laptop
 * @param {{ narrator: object, signal: AbortSignal }} context
 */
export function openTerminal(laptop, { narrator, signal }) {
  const begin = (line, { isShown, stop }) => {
    const env = {
      PATH: `${dirname(laptop.outlastPath)}${delimiter}${process.env.PATH}`,
      ...(isShown && narrator.isColored ? { FORCE_COLOR: '1' } : {}),
    };
    if (isShown) narrator.typed(line);
    // With `exec` the pid is the client's own.
    const child = laptop.spawn(['/bin/sh', '-c', `exec ${line}`], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: stop,
      killSignal: 'SIGKILL',
    });
    return collect(child, isShown ? narrator.raw : () => undefined);
  };
  const finish = async (line, isShown) => {
    const late = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await begin(line, { isShown, stop: AbortSignal.any([signal, late]) }).ended;
    } catch (error) {
      throw late.aborted ? new Error(`expected \`${line}\` to end within ${TIMEOUT_MS / 1000} s`) : error;
    }
  };
  return {
    /** Types a line, shows what it prints, and waits for its end. */
    type: (line) => finish(line, true),
    /** Types a line that goes on by itself. */
    typeAndLeave: (line) => begin(line, { isShown: true, stop: signal }),
    /** Runs a line without showing it, and parses the JSON that it prints; undefined when it prints none. */
    ask: async (line) => parseJson((await finish(line, false)).stdout),
  };
}

/** @returns `ended` resolves to `{ pid, code, killedBy, stdout, text }`, `text` being both streams without colours. */
function collect(child, show) {
  const chunks = { stdout: '', text: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => {
      if (name === 'stdout') chunks.stdout += chunk;
      chunks.text += stripVTControlCharacters(chunk);
      show(chunk);
    });
  }
  const ended = once(child, 'close').then(([code, killedBy]) => ({ pid: child.pid, code, killedBy, ...chunks }));
  // Whoever waits for something else first learns of a failure later.
  ended.catch(() => undefined);
  return { pid: child.pid, kill: (name) => child.kill(name), readText: () => chunks.text, ended };
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
