import type { AskSsh, SshAnswer } from './ask-ssh.js';
import { type ConfigFiles, readConfigFiles } from './config-files.js';
import { findHostClass, type HostClass } from './host-class.js';
import type { RawSettings } from './raw-settings.js';
import type { Target } from './transport.js';

// What holds words of the user's own, and so could hold the name of the host.
const FREE_TEXT = [
  ...['user', 'proxycommand', 'identityfile', 'certificatefile', 'identityagent', 'hostkeyalias', 'bindaddress'],
  ...['userknownhostsfile', 'globalknownhostsfile', 'revokedhostkeys', 'bindinterface', 'pkcs11provider'],
];

/**
 * Wraps `ask` so that it is asked once for all hosts that the configuration files do not tell apart. What it says of
 * the first one of them counts for the others only if it has read the files and applied the Host lines that we have
 * found, and if nothing in it looks as if it came from the name; else each host is asked for.
 */
export function shareAnswers(ask: AskSsh): AskSsh {
  const files = new Map<string | undefined, Promise<ConfigFiles>>();
  const classes: Classes = new Map();
  return async (target, options) => {
    const known = files.get(options.configFile);
    // The first host is asked for in any case: ssh runs while we read.
    const own = known === undefined ? ask(target, options) : undefined;
    own?.catch(() => undefined);
    const reading = known ?? readConfigFiles(options.configFile);
    files.set(options.configFile, reading);
    const hostClass = findHostClass(target, options, await reading);
    const askAlone = (): ReturnType<AskSsh> => own ?? ask(target, options);
    return hostClass === undefined ? askAlone() : askForClass(target, hostClass, { classes, askAlone });
  };
}

type Classes = Map<string, Promise<SshAnswer | undefined>>;

async function askForClass(
  target: Target,
  hostClass: HostClass,
  { classes, askAlone }: { readonly classes: Classes; askAlone(): ReturnType<AskSsh> },
): ReturnType<AskSsh> {
  const shared = classes.get(hostClass.key);
  if (shared === undefined) {
    const own = askAlone();
    const checked = own.then((answer) => (holdsForAll(answer, target, hostClass) ? answer : undefined));
    // What ssh refuses it may refuse for this host alone: one that is its own jump host.
    const usable = checked.catch(() => undefined);
    classes.set(hostClass.key, usable);
    return own;
  }
  const answer = await shared;
  if (answer === undefined || isJumpHost(target, answer.raw)) return askAlone();
  return { ...answer, raw: rename(answer.raw, target, hostClass) };
}

function holdsForAll(answer: SshAnswer | undefined, { destination }: Target, expected: HostClass): boolean {
  if (answer === undefined) return false;
  const { raw, paths, applied } = answer;
  const named = expected.setsHostname || raw.get('hostname')?.join() === destination;
  const asExpected = isSame(paths, expected.paths) && isSame(applied, expected.applied);
  const text = FREE_TEXT.flatMap((keyword) => raw.get(keyword) ?? []).join('\n');
  return named && asExpected && !text.toLowerCase().includes(destination);
}

// ssh refuses a host that is reached through itself.
function isJumpHost({ destination }: Target, raw: RawSettings): boolean {
  return (raw.get('proxyjump') ?? []).join().toLowerCase().includes(destination);
}

function rename(raw: RawSettings, { destination }: Target, { setsHostname }: HostClass): RawSettings {
  return setsHostname ? raw : new Map(raw).set('hostname', [destination]);
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((word, index) => word === others[index]);
}
