import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { spawnShell } from '../spawn-shell.js';
import { READY_LINE } from './arguments.js';
import type { SocketFolder } from './control-folder.js';
import { readLines } from './read-lines.js';

// Its begin says how far it came, whatever the server shows after that; its end says why it ended.
const LOG_ENDS = 32 * 1024;
// An ssh that was asked to end does so at once.
const STOP_TIMEOUT_MS = 1_000;
const LAST_WORDS_MS = 250;

/**
 * The shell becomes ssh. Beside it, in the same process group, stays a keeper that reads what nobody but us can end:
 * when we are gone without a word, it ends the group and clears the folder. While it lives, no other group gets the number.
 */
const WRAPPER = `
{
  trap '' HUP INT TERM
  read -r word <&3 && exit
  kill -s TERM -- "-$$"
  rm -rf -- "$0"
  sleep 1
  kill -s KILL -- "-$$"
} </dev/null >/dev/null 2>&1 &
exec 3<&-
exec ssh "$@"
`;

/** An `ssh` in the foreground that holds one connection for us. */
export interface Master {
  /** Resolves to true once the connection stands and its control socket listens; to false when ssh has ended before that. */
  readonly ready: Promise<boolean>;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<void>;
  /** What it has written to stderr; of much, the begin and the end. */
  readonly log: string;
  /** Its exit code; 127 where there is no ssh. Null while it runs, and after a signal. */
  readonly exitCode: number | null;
  /** Ends it with all that it has started; its folder is gone then. */
  stop(): Promise<void>;
}

/** What a master is started with. */
export interface MasterStart {
  readonly args: readonly string[];
  readonly folder: SocketFolder;
  readonly env: NodeJS.ProcessEnv;
  /** Told each line of stderr. */
  onLine(line: string): void;
}

/**
 * Starts a master, which dies with us however we end.
 *
 * @throws as `spawnShell` does; the folder is left then.
 */
export async function startMaster({ args, folder, env, onLine }: MasterStart): Promise<Master> {
  // Out of reach of the terminal: Ctrl-C is ours to handle, and so is every question.
  const child = (await spawnShell(['-c', WRAPPER, folder.path, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })) as ChildProcessByStdio<null, Readable, Readable>;
  const { stdout, stderr } = child;
  const lifeline = child.stdio[3] as Writable;
  lifeline.on('error', () => undefined);
  const readLog = collectLog(stderr, onLine);
  const exited = watchExit(child, stderr);
  let stopping: Promise<void> | undefined;
  return {
    ready: watchReadiness(stdout, exited),
    exited,
    get log() {
      return readLog();
    },
    get exitCode() {
      return child.exitCode;
    },
    stop() {
      stopping ??= stopGroup(child, exited).finally(() => {
        lifeline.end('done\n');
        folder.remove();
      });
      return stopping;
    },
  };
}

function watchReadiness(stdout: Readable, exited: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    readLines(stdout, (line) => {
      if (line === READY_LINE) resolve(true);
    });
    exited.then(() => resolve(false));
  });
}

function collectLog(stderr: Readable, onLine: (line: string) => void): () => string {
  let [begin, end] = ['', ''];
  readLines(stderr, (line) => {
    if (end === '' && begin.length + line.length < LOG_ENDS) begin += `${line}\n`;
    else end = `${end}${line}\n`.slice(-LOG_ENDS);
    onLine(line);
  });
  return () => begin + end;
}

function watchExit(child: ChildProcess, stderr: Readable): Promise<void> {
  const closed = new Promise<void>((resolve) => stderr.once('close', () => resolve()));
  return new Promise((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => {
      // What is left of a ProxyCommand; as ssh itself does it.
      signalGroup(child, 'SIGHUP');
      // What has left the group, as the user's own masters do, may hold stderr for hours.
      const timer = setTimeout(() => stderr.destroy(), LAST_WORDS_MS);
      closed.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  });
}

async function stopGroup(child: ChildProcess, exited: Promise<void>): Promise<void> {
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
  signalGroup(child, 'SIGTERM');
  await exited;
  clearTimeout(timer);
}

/** Never a number that may be somebody else's: the keeper is in the group until it is told to go. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of it is gone.
  }
}
