import { fileURLToPath } from 'node:url';
import {
  canStartProcessSshd,
  createLaptop,
  type Laptop,
  type LaptopOptions,
  type ProcessSshdOptions,
  type ProgramResult,
  type RunOptions,
  startEmbeddedHost,
  startProcessSshd,
  type TestHost,
} from '@outlast/test-fixtures';
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest';
import { readDocument, type ToldApp, type ToldDocument } from './document-schema.js';

/** The real program, as it is installed. */
const PROGRAM: readonly string[] = [process.execPath, fileURLToPath(new URL('../program/outlast.js', import.meta.url))];

/** What a run with `--json` came to. */
export interface Told extends ProgramResult {
  readonly document: ToldDocument;
}

/** Hosts for all tests of a file, and a laptop that knows them. */
export interface Lab {
  readonly laptop: Laptop;
  /** The host of that alias; the first one when left out. */
  host(alias?: string): TestHost;
  /** Runs the program. */
  run(args: readonly string[], options?: RunOptions): Promise<ProgramResult>;
  /** Runs the program with `--json` and reads its document, which has to have the documented shape. */
  ask(args: readonly string[], options?: RunOptions): Promise<Told>;
}

/** The kind of hosts that a file needs, and how they shall be. */
export interface LabOptions {
  readonly kind?: 'sshd' | 'embedded';
  readonly sshd?: ProcessSshdOptions;
}

/** Starts hosts before the tests of this file and ends them afterwards; without sshd the tests are skipped with the reason. */
export function useLab(aliases: readonly string[], { kind = 'sshd', sshd = {} }: LabOptions = {}): Lab {
  const hosts: TestHost[] = [];
  let laptop: Laptop | undefined;
  let missing: string | undefined;
  beforeAll(async () => {
    missing = kind === 'sshd' ? await canStartProcessSshd() : undefined;
    if (missing !== undefined) return;
    for (const alias of aliases) {
      hosts.push(await (kind === 'sshd' ? startProcessSshd({ ...sshd, alias }) : startEmbeddedHost({ alias })));
    }
    laptop = await createLaptop(hosts, { program: PROGRAM });
  });
  afterAll(async () => {
    await laptop?.remove();
    await Promise.all(hosts.map((host) => host.stop()));
  });
  beforeEach((context) => {
    if (missing !== undefined) context.skip(missing);
  });
  const getLaptop = () => laptop ?? fail('the laptop is not there yet');
  return {
    get laptop() {
      return getLaptop();
    },
    host: (alias) => hosts.find((host) => host.alias === (alias ?? aliases[0])) ?? fail(`no host ${alias}`),
    run: (args, options) => getLaptop().outlast(args, options),
    ask: (args, options) => ask(getLaptop(), args, options),
  };
}

/** Makes another laptop, which goes with the test. */
export async function addLaptop(hosts: readonly TestHost[], options: LaptopOptions = {}): Promise<Laptop> {
  const laptop = await createLaptop(hosts, { program: PROGRAM, ...options });
  onTestFinished(() => laptop.remove());
  return laptop;
}

/** Runs the program on a laptop with `--json` and reads its document. */
export async function ask(laptop: Laptop, args: readonly string[], options?: RunOptions): Promise<Told> {
  const [verb = '', ...rest] = args;
  const result = await laptop.outlast([verb, '--json', ...rest], options);
  try {
    return { ...result, document: readDocument(verb, result.stdout) };
  } catch (cause) {
    throw new Error(`${args.join(' ')}: no document in\n${result.stdout}${result.stderr}`, { cause });
  }
}

/** The one app of the one host that a run was about. */
export function appOf({ document }: Pick<Told, 'document'>, host = 0): ToldApp {
  const app = document.outcomes[host]?.apps?.[0];
  return app ?? fail(`no app in ${JSON.stringify(document)}`);
}

/** The codes of a run's hosts in their order, `ok` where there is none. */
export function codesOf({ document }: Pick<Told, 'document'>): (string | null)[] {
  return document.outcomes.map(({ ok, error }) => error?.code ?? (ok ? 'ok' : 'failed'));
}

/** An argv for `/bin/sh`, behind the `--`. */
export function shell(line: string): string[] {
  return ['--', '/bin/sh', '-c', line];
}

function fail(message: string): never {
  throw new Error(message);
}
