import type { ChildProcessByStdio } from 'node:child_process';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { OutlastError } from '@outlast/core';
import { spawnShell } from '../spawn-shell.js';

const MAX_STDERR_BYTES = 4 * 1024;

type Proxy = ChildProcessByStdio<Writable, Readable, Readable>;

/** A ProxyCommand of the user's own configuration, as a stream to the host. */
export interface ProxyCommandStream {
  readonly stream: Duplex;
  /** Waits until the program has ended and says how: `E_PROXY_COMMAND` with the last line of its stderr. */
  explainEnd(): Promise<OutlastError>;
}

/**
 * Starts a ProxyCommand, whose tokens are expanded already, as ssh does: `exec` in a shell, with its own stdio.
 *
 * @throws as `spawnShell` does.
 */
export async function startProxyCommand(line: string, env: NodeJS.ProcessEnv): Promise<ProxyCommandStream> {
  const child = (await spawnShell(['-c', `exec ${line}`], { env, stdio: ['pipe', 'pipe', 'pipe'] })) as Proxy;
  const end = watchEnd(child, line);
  return { stream: buildStream(child), explainEnd: () => end };
}

function watchEnd(child: Proxy, line: string): Promise<OutlastError> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-MAX_STDERR_BYTES);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(buildProxyError(line, error.message)));
    child.on('close', (code, signal) => {
      const last = stderr.trim().split('\n').at(-1) ?? '';
      const how = signal === null ? `exit code ${code}` : `signal ${signal.replace(/^SIG/, '')}`;
      resolve(buildProxyError(line, last === '' ? how : `${how}, saying ${JSON.stringify(last)}`));
    });
  });
}

function buildProxyError(line: string, how: string): OutlastError {
  return new OutlastError('E_PROXY_COMMAND', `the ProxyCommand ended before the connection stood: ${how}`, {
    hint: `try it by hand: ${line}`,
  });
}

// Not Duplex.from: that one destroys the whole at an end of one direction and reports it as an error.
function buildStream(child: Proxy): Duplex {
  const stream = new Duplex({
    read: () => child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      child.stdin.write(chunk, done);
    },
    final: (done) => {
      child.stdin.end(done);
    },
    destroy: (error, done) => {
      child.stdin.destroy();
      child.stdout.destroy();
      // What ssh sends to its ProxyCommand.
      child.kill('SIGHUP');
      done(error);
    },
  });
  child.stdout.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  child.stdout.on('close', () => stream.push(null));
  child.stdin.on('error', () => undefined);
  stream.on('error', () => undefined);
  return stream;
}
