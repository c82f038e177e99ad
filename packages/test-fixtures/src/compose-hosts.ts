import { type ComposeHostName, formatStateDir, readAllFacts } from './compose-facts.js';
import { COMPOSE_FILE, prepareImages } from './compose-images.js';
import { type DockerEngine, ensureDocker } from './docker-engine.js';
import { type KeyPair, sharedClientKey } from './keys.js';
import { runOrThrow, runProgram } from './run-program.js';
import { attachHost, type HostFacts, type TestHost, varyHost } from './test-host.js';

/** The users of the Debian hosts; each has the login shell of that name. */
export const DEBIAN_USERS = ['bash', 'dash', 'zsh', 'fish', 'tcsh'] as const;

/** The dockerized hosts of one test run. */
export interface ComposeHosts {
  readonly hosts: Readonly<Record<ComposeHostName, TestHost>>;
  /** The same as plain JSON, for other processes; see `attachComposeHosts`. */
  readonly facts: Readonly<Record<ComposeHostName, HostFacts>>;
  /** Takes the containers and networks down, and the engine too if it was started for them. */
  stop(): Promise<void>;
}

/** How to bring the dockerized hosts up. */
export interface ComposeOptions {
  /** The key that they let in; the one that laptops use when left out. */
  readonly clientKey?: KeyPair;
  /** Told, in one line each, about the steps that take long. */
  readonly report?: (line: string) => void;
}

const OWNER_LABEL = 'dev.outlast.test.owner';

/**
 * Brings up the hosts of `docker-compose.test.yml`, starting the Docker engine and building the images where needed.
 *
 * @throws Error saying what is missing, or with the last lines of what failed.
 */
export async function startComposeHosts(options: ComposeOptions = {}): Promise<ComposeHosts> {
  const { clientKey = sharedClientKey(), report = () => undefined } = options;
  const engine = await ensureDocker();
  try {
    const images = await prepareImages(engine, report);
    const owner = { AUTHORIZED_KEY: clientKey.publicKey, OUTLAST_TEST_OWNER: String(process.pid) };
    const env = { ...process.env, ...images, ...owner };
    await takeDownOrphans(engine, env);
    const project = `outlast-test-${process.pid}-${Date.now().toString(36)}`;
    return await bringUp({ engine, env, project, clientKey });
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

interface Project {
  readonly engine: DockerEngine;
  readonly env: NodeJS.ProcessEnv;
  readonly project: string;
  readonly clientKey: KeyPair;
}

async function bringUp({ engine, env, project, clientKey }: Project): Promise<ComposeHosts> {
  const compose = (...args: string[]) =>
    runOrThrow([...engine.compose, '-p', project, '-f', COMPOSE_FILE, ...args], { env, timeoutMs: 300_000 });
  const takeDown = () => compose('down', '--timeout', '0', '--volumes', '--remove-orphans');
  try {
    await compose('up', '--detach', '--no-build');
    const facts = await readAllFacts(project, clientKey);
    const stop = async () => {
      await takeDown();
      await engine.stop();
    };
    return { facts, hosts: attachComposeHosts(facts), stop };
  } catch (error) {
    const logs = await compose('logs', '--no-color', '--tail', '20').catch(() => '');
    await takeDown().catch(() => undefined);
    throw new Error(`the dockerized hosts did not come up: ${(error as Error).message}\n${logs}`);
  }
}

/** Makes the hosts from their facts, in another process than the one that brought them up. */
export function attachComposeHosts(
  facts: Readonly<Record<ComposeHostName, HostFacts>>,
): Record<ComposeHostName, TestHost> {
  const attach = (name: ComposeHostName) => attachHost(facts[name]);
  return {
    debian: attach('debian'),
    debian2: attach('debian2'),
    debian3: attach('debian3'),
    busybox: attach('busybox'),
    systemd: attach('systemd'),
    inner: attach('inner'),
  };
}

/** The same dockerized host as another of its users: `debian` as `zsh` is called `debian-zsh`. */
export function asUser(host: HostFacts, user: string): TestHost {
  return varyHost(host, { alias: `${host.alias}-${user}`, user, stateDir: formatStateDir(user) });
}

/** Takes down what killed test runs have left behind. */
async function takeDownOrphans(engine: DockerEngine, env: NodeJS.ProcessEnv): Promise<void> {
  const format = `{{.Label "${OWNER_LABEL}"}} {{.Label "com.docker.compose.project"}}`;
  const listed = await runOrThrow(['docker', 'ps', '--all', '--filter', `label=${OWNER_LABEL}`, '--format', format]);
  const orphans = listed
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([owner, project]) => project !== undefined && /^\d+$/.test(owner ?? '') && !isAlive(Number(owner)));
  for (const project of new Set(orphans.map(([, project]) => project ?? ''))) {
    const argv = [...engine.compose, '-p', project, '-f', COMPOSE_FILE, 'down', '--timeout', '0', '--volumes'];
    await runProgram(argv, { env });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
