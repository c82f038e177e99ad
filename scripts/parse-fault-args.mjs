import { parseArgs } from 'node:util';

/** What `npm run fault-proxy -- --help` prints. */
export const HELP = `Stands in front of a server on a loopback port and spoils what goes through it.

  npm run fault-proxy -- --to HOST:PORT [FAULTS]

  --delay 50ms             every chunk arrives so much later, both ways
  --fragment N             at most N bytes in one piece, both ways
  --drip 20ms              the reply comes one byte at a time, so far apart
  --preamble TEXT          a line before the first byte of the server
  --garbage-WAY N          random bytes from byte N on; --seed chooses them
  --cut-WAY N              both ends get a reset once N bytes have arrived
  --close-WAY N            the same with a FIN
  --half-close-WAY N       a FIN for the one who receives, while the other direction goes on
  --freeze-WAY N           silence both ways once N bytes have arrived
                           WAY is request (to the server) or reply (from it)
  --only K                 only for the K-th connection
  --port N                 the port to listen on; a free one when left out
`;

const WAYS = ['request', 'reply'];
const ENDS = { cut: 'reset', close: 'close', 'half-close': 'half-close', freeze: 'freeze' };
const UNITS_MS = { ms: 1, s: 1_000 };

/**
 * Parses what follows `npm run fault-proxy --`.
 *
 * @param {readonly string[]} args
 * @throws Error with one line when they cannot be understood
 */
export function parseFaultArgs(args) {
  const { values } = parseArgs({ args: [...args], options: buildFlags() });
  if (values.help) return { help: true };
  return {
    help: false,
    target: parseTarget(values.to),
    port: values.port === undefined ? 0 : parseCount('port', values.port),
    only: values.only === undefined ? undefined : parseCount('only', values.only),
    faults: Object.fromEntries(WAYS.map((way) => [way, buildStreamFaults(values, way)])),
  };
}

function buildFlags() {
  const texts = ['to', 'port', 'only', 'delay', 'fragment', 'drip', 'preamble', 'seed'];
  const perWay = ['garbage', ...Object.keys(ENDS)].flatMap((name) => WAYS.map((way) => `${name}-${way}`));
  const flags = [...texts, ...perWay].map((name) => [name, { type: 'string' }]);
  return { ...Object.fromEntries(flags), help: { type: 'boolean', short: 'h' } };
}

function buildStreamFaults(values, way) {
  const faults = {};
  if (values.delay !== undefined) faults.delayMs = parseTime('delay', values.delay);
  if (values.fragment !== undefined) faults.fragmentBytes = Math.max(1, parseCount('fragment', values.fragment));
  if (way === 'reply' && values.drip !== undefined) faults.dripMs = parseTime('drip', values.drip);
  if (way === 'reply' && values.preamble !== undefined) faults.preamble = `${values.preamble}\r\n`;
  const garbage = `garbage-${way}`;
  if (values[garbage] !== undefined)
    faults.garbage = { at: parseCount(garbage, values[garbage]), seed: values.seed ?? '1' };
  const [end, ...others] = Object.keys(ENDS).filter((name) => values[`${name}-${way}`] !== undefined);
  if (others.length > 0)
    throw createUsageError(`the ${way} can end in one way only: --${end}-${way} or --${others[0]}-${way}`);
  if (end !== undefined) faults.end = { at: parseCount(`${end}-${way}`, values[`${end}-${way}`]), by: ENDS[end] };
  return faults;
}

function parseTarget(text) {
  const [, host, port] = /^\[?([^[\]]+)\]?:([0-9]{1,5})$/.exec(text ?? '') ?? [];
  if (host === undefined) throw createUsageError('--to needs a host and a port, such as 127.0.0.1:22');
  return { address: host, port: Number(port) };
}

function parseCount(flag, text) {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  throw createUsageError(`--${flag} needs a whole number`);
}

function parseTime(flag, text) {
  const [, count, unit] = /^([0-9]{1,6})(ms|s)$/.exec(text) ?? [];
  if (count === undefined) throw createUsageError(`--${flag} needs a time, such as 50ms or 2s`);
  return Number(count) * UNITS_MS[unit];
}

function createUsageError(message) {
  return new Error(`${message}; see: npm run fault-proxy -- --help`);
}
