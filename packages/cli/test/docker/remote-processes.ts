import { type TestHost, type WaitOptions, waitFor } from '@outlast/test-fixtures';

/** A process on a host, as the host's own kernel tells of it. */
export interface RemoteProcess {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Its arguments, joined by blanks. */
  readonly line: string;
}

// All processes of the user but zombies, and but this shell with what it starts.
const LIST = `
me=$(id -u)
for process in /proc/[0-9]*; do
  pid=\${process#/proc/}
  { IFS= read -r stat <$process/stat; } 2>/dev/null || continue
  set -f; set -- \${stat##*") "}; set +f
  [ "$pid" = $$ ] || [ "$2" = $$ ] || [ "$1" = Z ] && continue
  [ "$(sed -n 's/^Uid:[^0-9]*\\([0-9]*\\).*/\\1/p' $process/status 2>/dev/null)" = "$me" ] || continue
  echo "$pid $2 $4 $(tr '\\0\\n' '  ' <$process/cmdline 2>/dev/null)"
done
true`;

/** Lists all processes of the host's user, however they came to be. */
export async function listProcesses(host: TestHost): Promise<RemoteProcess[]> {
  const { stdout, exitCode, stderr } = await host.run(LIST);
  if (exitCode !== 0) throw new Error(`the processes of ${host.alias} cannot be listed: ${stderr}`);
  return stdout
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const [, pid, parent, session, line = ''] = /^(\d+) (\d+) (\d+) (.*)$/.exec(text) ?? [];
      return { pid: Number(pid), parent: Number(parent), session: Number(session), line: line.trim() };
    });
}

const isSupervisor = (process: RemoteProcess | undefined) => /^\/bin\/sh \S+ supervise /.test(process?.line ?? '');

/** Leaves out log keepers, which are forks of their supervisors, and what they wait for, as long as their supervisors live. */
function leaveOutKeepers(processes: readonly RemoteProcess[]): RemoteProcess[] {
  const parentOf = ({ parent }: RemoteProcess) => processes.find(({ pid }) => pid === parent);
  const isKeeper = (process: RemoteProcess) => isSupervisor(process) && isSupervisor(parentOf(process));
  return processes.filter((process) => {
    const parent = parentOf(process);
    return !isKeeper(process) && !(parent !== undefined && isKeeper(parent));
  });
}

/** Waits until the user has exactly so many processes but for log keepers, and gives them. */
export async function waitForProcesses(
  host: TestHost,
  count: number,
  options: Partial<WaitOptions> = {},
): Promise<RemoteProcess[]> {
  let seen: RemoteProcess[] = [];
  return waitFor(
    async () => {
      seen = leaveOutKeepers(await listProcesses(host));
      return seen.length === count ? seen : undefined;
    },
    { what: `${count} processes on ${host.alias}`, evidence: () => formatProcesses(seen), ...options },
  );
}

/** How many scripts of ours run for the user: a shell that reads what it does from its input. */
export async function countScripts(host: TestHost): Promise<number> {
  const shells = (await listProcesses(host)).filter(({ line }) => line === '/bin/sh -s');
  // A subshell looks like the script that it belongs to.
  return shells.filter(({ parent }) => !shells.some(({ pid }) => pid === parent)).length;
}

/** Kills all processes of the user and waits until they are gone. */
export async function killAll(host: TestHost): Promise<void> {
  await host.run('kill -9 -1');
  await waitForProcesses(host, 0, { what: `the processes of ${host.alias} to end` });
}

/** Reads something of a process by a `/bin/sh` line in which `$p` is its folder in /proc. */
export async function readProcess(host: TestHost, pid: number, line: string): Promise<string> {
  const { stdout, stderr, exitCode } = await host.run(`p=/proc/${pid}; ${line}`);
  if (exitCode !== 0) throw new Error(`process ${pid} of ${host.alias}: ${stderr}`);
  return stdout.trim();
}

/** The arguments of a process, byte for byte. */
export async function readArgv(host: TestHost, pid: number): Promise<string[]> {
  const digits = await readProcess(host, pid, `od -An -v -tx1 $p/cmdline | tr -d ' \\n'`);
  return Buffer.from(digits, 'hex').toString('utf8').split('\0').slice(0, -1);
}

/** What an app's identity record says once the app has committed it. */
export async function waitForCommit(host: TestHost, app: string, run = 1): Promise<number> {
  const record = await waitFor(async () => (await host.run(`cat ${host.stateDir}/apps/${app}/run.${run}.pid`)).stdout, {
    what: `${app} to commit its pid on ${host.alias}`,
  });
  return Number.parseInt(record, 10);
}

function formatProcesses(processes: readonly RemoteProcess[]): string {
  return processes.map(({ pid, parent, line }) => `${pid} (parent ${parent}): ${line}`).join('\n');
}
