import { generateKeyPair, type SeededRandom } from '@outlast/test-fixtures';
import { formatKnownHostName, hashName } from '../../src/ssh/host-keys/known-hosts-name.js';

/** One line of a generated known_hosts file, and the way in which its hosts are written. */
export interface GeneratedLine {
  readonly form: string;
  readonly text: string;
}

type Form = (name: string, random: SeededRandom) => string;

// Each makes the first field of a line that is somehow about a name.
const FORMS: Readonly<Record<string, Form>> = {
  plain: (name) => name,
  'upper case': (name) => name.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  'list, first': (name, random) => `${name},${drawName(random)}`,
  'list, last': (name, random) => `${drawName(random)},${drawName(random)},${name}`,
  hashed: (name, random) => hashName(name, drawBytes(random, 20)),
  'name and address': (name, random) => `${name},192.0.2.${random.integer(1, 250)}`,
  star: (name, random) => `${name.slice(0, random.integer(1, name.length))}*`,
  'star in between': (name) => `${name.slice(0, 2)}*${name.slice(-2)}`,
  'question mark': (name, random) => replaceAt(name, random.integer(0, name.length - 1), '?'),
  'any port': (name) => `${name.startsWith('[') ? name.replace(/\]:\d+$/, '') : `[${name}`}]:*`,
  'negated first': (name, random) => `!${drawName(random)},${name.slice(0, 3)}*`,
  'negated last': (name, random) => `${name.slice(0, 3)}*,!${drawName(random)}`,
  'negated itself': (name) => `${name},!${name}`,
  'negated pattern': (name) => `!${name.slice(0, 4)}*,*`,
  'empty pattern': (name) => `,,${name},`,
};

const BROKEN = ['nonsense', 'web1 ssh-ed25519', '@unknown * ssh-ed25519 AAAA', '|1|AAAA|BBBB ssh-rsa AAAA'];
const IGNORED = ['# a comment', '', ' \t ', 'web1 1024 35 1302498509428501285094'];

/** Names under which hosts are filed; some hundreds in all, so that most are met again. */
export function drawName(random: SeededRandom): string {
  const number = random.integer(0, 29);
  const hostname = random.pick([
    `web${number}`,
    `DB${number}.Example.com`,
    `192.0.2.${number}`,
    `2001:db8::${number}`,
    `a-b_c${number}`,
    `bücher${number}.example`,
  ]);
  const port = random.chance(0.5) ? 22 : random.pick([222, 2222, 65535]);
  return formatKnownHostName({ hostname, port, hostKeyAlias: null });
}

/** Draws the lines of a known_hosts file, of which `count` are entries; broken lines and comments come on top. */
export function drawKnownHosts(random: SeededRandom, count: number): GeneratedLine[] {
  const keys = [generateKeyPair('rsa').publicKey, generateKeyPair('ecdsa').publicKey, SECURITY_KEY];
  const lines: GeneratedLine[] = [];
  for (let entries = 0; entries < count; entries++) {
    const form = random.pick(Object.keys(FORMS));
    const field = FORMS[form]?.(drawName(random), random) ?? '';
    const marker = random.pick(['', '', '', '', '@revoked ', '@cert-authority  ']);
    const key = random.chance(0.9) ? drawEd25519(random) : random.pick(keys);
    const end = random.pick(['', ' me@laptop', '\t# why', '\r']);
    lines.push({
      form,
      text: `${random.pick(['', '', ' \t'])}${marker}${field}${random.pick([' ', '\t'])}${key}${end}`,
    });
    if (random.chance(0.05)) lines.push({ form: 'ignored', text: random.pick(IGNORED) });
    if (random.chance(0.05)) lines.push({ form: 'broken', text: random.pick(BROKEN) });
    if (random.chance(0.05)) lines.push({ form: 'broken', text: `${field} ${drawEd25519(random).slice(0, 60)}` });
  }
  return lines;
}

/** The ways in which `drawKnownHosts` writes hosts. */
export const FORM_NAMES: readonly string[] = Object.keys(FORMS);

const SECURITY_KEY = formatKey('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 9), Buffer.from('ssh:'));

function drawEd25519(random: SeededRandom): string {
  return formatKey('ssh-ed25519', drawBytes(random, 32));
}

function formatKey(type: string, ...parts: readonly Buffer[]): string {
  const packed = [Buffer.from(type), ...parts].flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  return `${type} ${Buffer.concat(packed).toString('base64')}`;
}

function drawBytes(random: SeededRandom, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.integer(0, 255)));
}

function replaceAt(text: string, at: number, character: string): string {
  return `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
}
