import type { LinkFaults } from '@outlast/test-fixtures';
import type { Conversation } from './conversation.js';

const CLOSED = 'E_CONNECT_CLOSED';
export const LOST = 'E_CONNECTION_LOST';
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

const OPENSSH_FREEZES: Ends<'openssh'> = {
  'before the banner': SLOW,
  'behind the banner': SLOW,
  'in the answer': 'E_TIMEOUT',
};
const OPENSSH_ENDS: Partial<Ends<'openssh'>> = { 'in the answer': LOST };
const OPENSSH_GARBAGE: Partial<Ends<'openssh'>> = { 'behind the banner': CLOSED, 'in the answer': LOST };

/** A way to a host on which something is wrong. */
export interface Hole {
  readonly name: string;
  readonly faults: LinkFaults;
  /** The codes of which one has to be told, or `ok`. */
  readonly told: string;
  /** A host that this laptop has met before, to which the program goes out together with the key. */
  readonly remembered?: boolean;
  /** `ssh2` when left out. */
  readonly transport?: 'openssh';
}

const ENDLESS = 'x'.repeat(1_000_000);
const SLOWLY = { fragmentBytes: 100, delayMs: 20 };

/** All holes, by what is wrong. */
export const HOLES: Readonly<Record<string, (conversation: Conversation) => readonly Hole[]>> = {
  'the server is gone, with a FIN or a reset': ({ reply }) => [
    ...digHoles('close', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'close' } } })),
    ...digHoles('reset', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'reset' } } })),
  ],
  'the server says no more, or everything is silent': ({ reply }) => [
    ...digHoles('half', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'half-close' } } })),
    ...digHoles('mute', reply, REPLY_FREEZES, (at) => ({ reply: { end: { at, by: 'freeze' } } })),
  ],
  'the server does not hear all that the client says': ({ request }) => [
    ...digHoles('half-request', request, REQUEST_ENDS, (at) => ({ request: { end: { at, by: 'half-close' } } })),
    ...digHoles('mute-request', request, REQUEST_FREEZES, (at) => ({ request: { end: { at, by: 'freeze' } } })),
  ],
  'garbage arrives': ({ reply, request }) => [
    ...digHoles('garbage', reply, REPLY_GARBAGE, (at) => ({ reply: { garbage: { at } } })),
    ...digHoles('garbage-request', request, REQUEST_ENDS, (at) => ({ request: { garbage: { at } } })),
  ],
  'the banner never comes to an end, and slow as it is, what is alive is let in': () => [
    { name: 'preamble', faults: { reply: { preamble: 'Welcome\r\n'.repeat(100_000) } }, told: 'E_NOT_SSH' },
    { name: 'line', faults: { reply: { preamble: `SSH-2.0-${ENDLESS}` } }, told: 'E_NOT_SSH' },
    { name: 'slow-preamble', faults: { reply: { preamble: ENDLESS, dripMs: 10 } }, told: SLOW },
    { name: 'slow-lines', faults: { reply: { preamble: 'Hi\r\n'.repeat(9_999), dripMs: 10 } }, told: 'E_NOT_SSH' },
    { name: 'slow-line', faults: { reply: { preamble: `SSH-2.0-${ENDLESS}`, dripMs: 10 } }, told: SLOW },
    { name: 'dripped', faults: { reply: { dripMs: 200 } }, told: SLOW },
    { name: 'alive', faults: { request: SLOWLY, reply: { ...SLOWLY, preamble: 'Welcome\r\n' } }, told: 'ok' },
  ],
  // What is under way there then is lost, which for a status is no more than the error that lost it.
  'the program was sent together with the key': ({ remembered: reply }) =>
    [
      ...digHoles('met-close', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'close' } } })),
      ...digHoles('met-reset', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'reset' } } })),
      ...digHoles('met-half', reply, REPLY_ENDS, (at) => ({ reply: { end: { at, by: 'half-close' } } })),
      ...digHoles('met-mute', reply, REPLY_FREEZES, (at) => ({ reply: { end: { at, by: 'freeze' } } })),
    ].map((hole) => ({ ...hole, remembered: true })),
  'ssh makes the connection': ({ openssh: places }) =>
    [
      ...digHoles('ssh-mute', places, OPENSSH_FREEZES, (at) => ({ reply: { end: { at, by: 'freeze' } } })),
      ...digHoles('ssh-close', places, OPENSSH_ENDS, (at) => ({ reply: { end: { at, by: 'close' } } })),
      ...digHoles('ssh-garbage', places, OPENSSH_GARBAGE, (at) => ({ reply: { garbage: { at } } })),
    ].map((hole): Hole => ({ ...hole, transport: 'openssh' })),
};

function digHoles<Places extends Readonly<Record<string, number>>>(
  how: string,
  places: Places,
  told: { readonly [Place in keyof Places]?: string },
  spoil: (at: number) => LinkFaults,
): Hole[] {
  return Object.entries(told).map(([place, codes]) => ({
    name: `${how}-${place.replaceAll(' ', '-')}`,
    faults: spoil(places[place] ?? Number.NaN),
    told: codes as string,
  }));
}
