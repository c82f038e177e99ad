import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { getPackageFile } from '../../package-file.js';
import { readLines } from './read-lines.js';

/** The program that ssh starts for each question; it hands the question on to the socket that the environment names. */
const PROGRAM = getPackageFile('bin/askpass.mjs');
const SOCKET_VARIABLE = 'OUTLAST_ASKPASS_SOCKET';

/** Listens for the questions of one ssh. */
export interface Askpass {
  /** What that ssh needs in its environment; holds no secret. */
  readonly env: NodeJS.ProcessEnv;
  close(): void;
}

/** What answers the questions. */
export interface AskpassHandlers {
  /** `pid` is that of the ssh that asks: a ProxyCommand may have started another one. Undefined when the person gave up. */
  answer(prompt: string, pid: number): Promise<string | undefined>;
  /** Told what is only to be shown, such as a request to touch a key. */
  notice(text: string): void;
}

/**
 * Starts to listen at `socketPath`, in a folder that nobody else can enter.
 *
 * @throws Error when it cannot, such as where no more files may be open.
 */
export async function startAskpass(socketPath: string, handlers: AskpassHandlers): Promise<Askpass> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    readLines(socket, (line) => serve(socket, line, handlers));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  // One who could not be taken in, for want of files, goes away unanswered.
  server.on('error', () => undefined);
  return {
    env: {
      SSH_ASKPASS: PROGRAM,
      SSH_ASKPASS_REQUIRE: 'force',
      [SOCKET_VARIABLE]: socketPath,
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(socket: Socket, line: string, { answer, notice }: AskpassHandlers): Promise<void> {
  const { kind, prompt, asker } = JSON.parse(line) as { kind: string; prompt: string; asker: number };
  // Nobody answers this: ssh takes it away by itself.
  if (kind === 'none') return notice(prompt);
  const text = await answer(prompt, asker).catch(() => undefined);
  if (text === undefined) socket.destroy();
  else socket.end(`${JSON.stringify({ answer: text })}\n`);
}
