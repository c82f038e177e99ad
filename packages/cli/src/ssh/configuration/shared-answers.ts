import type { SshOptions, Target } from '../transport.js';
import type { AskSsh, SshAnswer } from './ask-ssh.js';
import { type ConfigFiles, readConfigFiles } from './config-files.js';
import { findHostClass, type HostClass } from './host-class.js';
import type { RawSettings } from './raw-settings.js';

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
  const answers = new SharedAnswers(ask);
  return (target, options) => answers.ask(target, options);
}

type Answer = ReturnType<AskSsh>;

/** The first host that was asked for with a configuration; where it stays the only one, no file is read. */
interface First {
  readonly target: Target;
  readonly options: SshOptions;
  readonly own: Answer;
  files?: Promise<ConfigFiles>;
}

class SharedAnswers {
  readonly #ask: AskSsh;
  readonly #firsts = new Map<string | undefined, First>();
  readonly #classes = new Map<string, Answer>();

  constructor(ask: AskSsh) {
    this.#ask = ask;
  }

  async ask(target: Target, options: SshOptions): Answer {
    const first = this.#firsts.get(options.configFile);
    if (first === undefined) {
      const own = this.#ask(target, options);
      this.#firsts.set(options.configFile, { target, options, own });
      return own;
    }
    first.files ??= this.#read(first);
    const hostClass = findHostClass(target, options, await first.files);
    if (hostClass === undefined) return this.#ask(target, options);
    const shared = this.#classes.get(hostClass.key);
    if (shared === undefined) return this.#remember(target, hostClass, this.#ask(target, options));
    const answer = await shared;
    if (answer === undefined || isJumpHost(target, answer.raw)) return this.#ask(target, options);
    return { ...answer, raw: rename(answer.raw, target, hostClass) };
  }

  async #read({ target, options, own }: First): Promise<ConfigFiles> {
    const files = await readConfigFiles(options.configFile);
    const hostClass = findHostClass(target, options, files);
    if (hostClass !== undefined) this.#remember(target, hostClass, own);
    return files;
  }

  #remember(target: Target, hostClass: HostClass, own: Answer): Answer {
    const checked = own.then((answer) => (holdsForAll(answer, target, hostClass) ? answer : undefined));
    // What ssh refuses it may refuse for this host alone: one that is its own jump host.
    const usable = checked.catch(() => undefined);
    this.#classes.set(hostClass.key, usable);
    return own;
  }
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
