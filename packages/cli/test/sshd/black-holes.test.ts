import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type LinkFaults, type StreamFaults, startTcpProxy, varyHost, waitFor } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readOutcome, type ToldOutcome } from '../document-schema.js';
import { addLaptop, shell, useLab } from '../program-lab.js';
import { type Conversation, measureConversation } from './conversation.js';

const lab = useLab(['web1']);

/** Until a connection is authenticated, and until all is done: neither may be exceeded by more than a second. */
const CONNECT_MS = 6_000;
const TOTAL_MS = 10_000;
const GRACE_MS = 1_000;
const DEADLINES = ['--connect-timeout', `${CONNECT_MS}ms`, '--timeout', `${TOTAL_MS}ms`, '--parallel', '50'];

const CLOSED = 'E_CONNECT_CLOSED';
const LOST = 'E_CONNECTION_LOST';
const SLOW = 'E_CONNECT_TIMEOUT';
const THROTTLED = 'E_THROTTLED';

/** What has to be told where the server's words end, the client's words end, and so on; several where it is a race. */
type Ends<Way extends keyof Conversation> = Readonly<Record<keyof Conversation[Way], string>>;

const REPLY_ENDS: Ends<'reply'> = {
  'before the banner': THROTTLED,
  'in the banner': THROTTLED,
  'behind the banner': CLOSED,
  'behind KEXINIT': CLOSED,
  'behind the key reply': CLOSED,
  'in authentication': CLOSED,
  'behind authentication': LOST,
  'in the answer': LOST,
};
const REPLY_FREEZES: Ends<'reply'> = {
  'before the banner': SLOW,
  'in the banner': SLOW,
  'behind the banner': SLOW,
  'behind KEXINIT': SLOW,
  'behind the key reply': SLOW,
  'in authentication': SLOW,
  'behind authentication': 'E_TIMEOUT',
  'in the answer': 'E_TIMEOUT',
};
const REPLY_GARBAGE: Ends<'reply'> = { ...REPLY_ENDS, 'before the banner': 'E_NOT_SSH', 'in the banner': CLOSED };
const REQUEST_ENDS: Ends<'request'> = {
  'before the banner': `${THROTTLED} ${CLOSED}`,
  'behind the banner': CLOSED,
  'in authentication': CLOSED,
  'behind authentication': LOST,
  'in the script': LOST,
};
const REQUEST_FREEZES: Ends<'request'> = {
  'before the banner': SLOW,
  'behind the banner': SLOW,
  'in authentication': SLOW,
  // Behind the client's last word of it, which the server has yet to answer.
  'behind authentication': SLOW,
  'in the script': 'E_TIMEOUT',
};

interface Hole {
  readonly name: string;
  readonly faults: LinkFaults;
  /** The codes of which one has to be told, or `ok`. */
  readonly told: string;
}

let conversation: Conversation;

beforeEach(async () => {
  // An answer so long that most of it is argv.
  await lab.run(['start', 'app', '-H', 'web1', '--settle', '0ms', ...shell(`exec sleep 600 # ${'x'.repeat(20_000)}`)]);
  conversation ??= await measureConversation(lab.host(), ['status']);
});

describe('no black hole outlasts its deadline by a second, nor keeps the next host waiting, where', () => {
  test('the server is gone, with a FIN or a reset', () =>
    expectAllTold([
      ...digHoles('close', 'reply', REPLY_ENDS, (at) => ({ end: { at, by: 'close' } })),
      ...digHoles('reset', 'reply', REPLY_ENDS, (at) => ({ end: { at, by: 'reset' } })),
    ]));

  test('the server says no more, or everything is silent', () =>
    expectAllTold([
      ...digHoles('half', 'reply', REPLY_ENDS, (at) => ({ end: { at, by: 'half-close' } })),
      ...digHoles('mute', 'reply', REPLY_FREEZES, (at) => ({ end: { at, by: 'freeze' } })),
    ]));

  test('the server does not hear all that the client says', () =>
    expectAllTold([
      ...digHoles('half', 'request', REQUEST_ENDS, (at) => ({ end: { at, by: 'half-close' } })),
      ...digHoles('mute', 'request', REQUEST_FREEZES, (at) => ({ end: { at, by: 'freeze' } })),
    ]));

  test('garbage arrives', () =>
    expectAllTold([
      ...digHoles('garbage', 'reply', REPLY_GARBAGE, (at) => ({ garbage: { at } })),
      ...digHoles('garbage', 'request', REQUEST_ENDS, (at) => ({ garbage: { at } })),
    ]));

  test('the banner never comes to an end, and slow as it is, what is alive is let in', () => {
    const endless = 'x'.repeat(1_000_000);
    const slow = { fragmentBytes: 100, delayMs: 20 };
    return expectAllTold([
      { name: 'preamble', faults: { reply: { preamble: 'Welcome\r\n'.repeat(100_000) } }, told: 'E_NOT_SSH' },
      { name: 'line', faults: { reply: { preamble: `SSH-2.0-${endless}` } }, told: 'E_NOT_SSH' },
      { name: 'slow-preamble', faults: { reply: { preamble: endless, dripMs: 10 } }, told: SLOW },
      { name: 'slow-lines', faults: { reply: { preamble: 'Hi\r\n'.repeat(9_999), dripMs: 10 } }, told: 'E_NOT_SSH' },
      { name: 'slow-line', faults: { reply: { preamble: `SSH-2.0-${endless}`, dripMs: 10 } }, told: SLOW },
      { name: 'dripped', faults: { reply: { dripMs: 200 } }, told: SLOW },
      { name: 'alive', faults: { request: slow, reply: { ...slow, preamble: 'Welcome\r\n' } }, told: 'ok' },
    ]);
  });
});

function digHoles<Way extends keyof Conversation>(
  how: string,
  way: Way,
  told: Ends<Way>,
  spoil: (at: number) => StreamFaults,
): Hole[] {
  return Object.entries<number>(conversation[way]).map(([place, at]) => ({
    name: `${how}-${way}-${place.replaceAll(' ', '-')}`,
    faults: { [way]: spoil(at) },
    told: told[place as keyof Conversation[Way]],
  }));
}

interface Timed extends ToldOutcome {
  readonly took: number;
}

async function expectAllTold(holes: readonly Hole[]): Promise<void> {
  const outcomes = await askThrough(holes);
  const wrong = [...holes, { name: 'web1', told: 'ok' }].filter(({ name, told }) => {
    const { ok, error, took = Number.POSITIVE_INFINITY } = outcomes.get(name) ?? {};
    const isConnected = ok === true || error?.code === 'E_TIMEOUT' || error?.code === LOST;
    const isInTime = took <= (isConnected ? TOTAL_MS : CONNECT_MS) + GRACE_MS;
    return !isInTime || !told.split(' ').includes(error?.code ?? (ok === true ? 'ok' : 'failed'));
  });
  expect(wrong.map(({ name, told }) => ({ name, told, outcome: outcomes.get(name) }))).toEqual([]);
}

/** Asks all holes and the healthy host at once; times are counted from the first connection on. */
async function askThrough(holes: readonly Hole[]): Promise<Map<string, Timed>> {
  const proxies = await Promise.all(holes.map(() => startTcpProxy(lab.host())));
  onTestFinished(async () => void (await Promise.all(proxies.map((proxy) => proxy.stop()))));
  for (const [index, { faults }] of holes.entries()) proxies[index]?.spoil(faults);
  const hosts = holes.map(({ name }, index) => varyHost(lab.host(), { alias: name, port: proxies[index]?.port ?? 0 }));
  const laptop = await addLaptop([...hosts, lab.host()]);
  const names = [...hosts, lab.host()].map(({ alias }) => alias).join(',');
  const child = laptop.spawnOutlast(['status', '--ndjson', '-H', names, ...DEADLINES]);
  const ended = once(child, 'close');
  const lines = child.stdout === null ? [] : createInterface(child.stdout);
  await waitFor(() => proxies.some(({ accepted }) => accepted > 0), { what: 'a connection', intervalMs: 2 });
  const begin = performance.now();
  const outcomes = new Map<string, Timed>();
  for await (const line of lines) {
    const outcome = readOutcome('status', JSON.parse(line));
    outcomes.set(outcome.host, { ...outcome, took: performance.now() - begin });
  }
  await ended;
  return outcomes;
}
