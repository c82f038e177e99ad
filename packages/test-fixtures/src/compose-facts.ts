import type { KeyPair } from './keys.js';
import { runOrThrow, runProgram } from './run-program.js';
import type { HostFacts } from './test-host.js';

/** The services of `docker-compose.test.yml`. */
export type ComposeHostName = 'debian' | 'debian2' | 'debian3' | 'busybox' | 'systemd' | 'inner';

const NAMES: readonly ComposeHostName[] = ['debian', 'debian2', 'debian3', 'busybox', 'systemd', 'inner'];

/** Reads what there is to know of the hosts of a Compose project once their servers listen. */
export async function readAllFacts(project: string, clientKey: KeyPair): Promise<Record<ComposeHostName, HostFacts>> {
  const format = '{{.ID}} {{.Label "com.docker.compose.service"}}';
  const filter = `label=com.docker.compose.project=${project}`;
  const listed = await runOrThrow(['docker', 'ps', '--all', '--no-trunc', '--filter', filter, '--format', format]);
  const containers = new Map(
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ').reverse() as [string, string]),
  );
  const facts = await Promise.all(
    NAMES.map(async (name) => {
      const container = containers.get(name);
      if (container === undefined) throw new Error(`there is no container of ${name}`);
      const read = readFacts(name, container, clientKey);
      const found = await (name === 'systemd' ? read.catch(() => describeMissing(name, container, clientKey)) : read);
      return [name, found] as const;
    }),
  );
  return Object.fromEntries(facts) as Record<ComposeHostName, HostFacts>;
}

/** Not every machine lets a container have cgroups of its own: then this host is not there, and says why. */
async function describeMissing(name: ComposeHostName, container: string, clientKey: KeyPair): Promise<HostFacts> {
  const { stdout, stderr } = await runProgram(['docker', 'logs', '--tail', '1', container]);
  const reason = (stderr + stdout).trim() || 'its server does not listen';
  const missing = `the container of ${name} does not come up: ${reason}; it needs cgroup v2 and CAP_SYS_ADMIN`;
  const access = { kind: 'container', docker: 'docker', container } as const;
  const unknown = { address: '', port: 0, hostKeys: [] };
  return { ...unknown, alias: name, user: 'bash', stateDir: formatStateDir('bash'), clientKey, access, missing };
}

// 0016 is port 22, 0A is LISTEN.
const WAIT_FOR_SERVER = `
tries=0
until grep -q ':0016 .* 0A ' /proc/net/tcp; do
  tries=$((tries + 1)); [ "$tries" -lt 200 ] || exit 1; sleep 0.1
done
cat /etc/host_keys.pub`;

async function readFacts(name: ComposeHostName, container: string, clientKey: KeyPair): Promise<HostFacts> {
  const keys = await runOrThrow(['docker', 'exec', container, '/bin/sh', '-c', WAIT_FOR_SERVER]);
  const user = name === 'busybox' ? 'ash' : 'bash';
  const common = {
    alias: name,
    user,
    hostKeys: keys
      .trim()
      .split('\n')
      .map((line) => line.split(' ').slice(0, 2).join(' ')),
    stateDir: formatStateDir(user),
    clientKey,
    access: { kind: 'container', docker: 'docker', container, ...(name === 'systemd' ? { journal: true } : {}) },
  } as const;
  if (name === 'inner') return { ...common, address: 'inner', port: 22, jump: 'debian' };
  return { ...common, address: '127.0.0.1', port: await readPublishedPort(container) };
}

async function readPublishedPort(container: string): Promise<number> {
  const answer = await runOrThrow(['docker', 'port', container, '22']);
  const port = /^127\.0\.0\.1:(\d+)$/m.exec(answer)?.[1];
  if (port === undefined) throw new Error(`port 22 of ${container} is not published on 127.0.0.1: ${answer}`);
  return Number(port);
}

/** Formats where outlast keeps its state for a user of a dockerized host. */
export function formatStateDir(user: string): string {
  return `${user === 'root' ? '/root' : `/home/${user}`}/.local/state/outlast`;
}
