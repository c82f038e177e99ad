import { parseArgs } from 'node:util';

/** What `npm start -- --help` prints. */
export const HELP = `Shows outlast's main job on two SSH hosts inside the demo, and leaves nothing behind.

  npm start                       start a small web app on both, disconnect, look at it from another laptop, stop it
  npm start -- --streamlit        the same with a real Streamlit app; installs Streamlit from PyPI the first time
  npm start -- --keep             then leave the hosts up, and print what to type to play with them
  npm start -- --port N           serve on port N and N+1 in place of free ones
  npm start -- --help             print this`;

/** Arguments that make no sense; the message is one line. */
export class UsageError extends Error {
  name = 'UsageError';
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  keep: { type: 'boolean' },
  streamlit: { type: 'boolean' },
  port: { type: 'string' },
};

/**
 * Parses what follows `npm start --`.
 *
 * @param {readonly string[]} args
 * @returns {{ help: boolean, keep: boolean, streamlit: boolean, port: number | undefined }}
 * @throws UsageError
 */
export function parseDemoArgs(args) {
  const { values, tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  for (const token of tokens) checkToken(token);
  const { help = false, keep = false, streamlit = false, port } = values;
  return { help, keep, streamlit, port: port === undefined ? undefined : parsePort(port) };
}

function checkToken({ kind, rawName, name, value }) {
  if (kind !== 'option') throw createUsageError(`${JSON.stringify(value ?? '--')} is not understood`);
  const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
  if (flag === undefined) throw createUsageError(`there is no flag ${JSON.stringify(rawName)}`);
  if (flag.type === 'boolean' && value !== undefined) throw createUsageError(`${rawName} takes no value`);
}

// The second host takes the next port.
function parsePort(text) {
  const port = /^[1-9][0-9]{0,4}$/.test(String(text)) ? Number(text) : 0;
  if (port >= 1 && port <= 65_534) return port;
  throw createUsageError('--port needs a number from 1 to 65534');
}

function createUsageError(message) {
  return new UsageError(`${message}; see: npm start -- --help`);
}
