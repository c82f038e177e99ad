import { createServer, type Server, type Socket } from 'node:net';
import {
  canStartProcessSshd,
  createLaptop,
  type Laptop,
  type LaptopOptions,
  type ProcessSshdOptions,
  startProcessSshd,
  type TestHost,
} from '@outlast/test-fixtures';
import { onTestFinished, type TestContext } from 'vitest';
import { createOpensshTransport } from '../../src/ssh/openssh/transport.js';
import { createSsh2Transport } from '../../src/ssh/ssh2/transport.js';
import type {
  Connection,
  ExecChannel,
  ExecEnd,
  ExecRequest,
  Prompter,
  SshOptions,
  Transport,
} from '../../src/ssh/transport.js';
import type { TransportName, TransportOptions } from '../../src/ssh/transports.js';

/** Nobody is there to answer. */
export const NOBODY: Prompter = {
  interactive: false,
  confirm: () => Promise.reject(new Error('asked off a terminal')),
  secret: () => Promise.reject(new Error('asked off a terminal')),
};

/** A person who answers the same to every question, after those `secrets` that come first, and what that person was asked. */
export function buildPerson(answers: {
  confirm?: boolean;
  secrets?: readonly string[];
  secret?: string | undefined;
}): Prompter & { questions: string[] } {
  const questions: string[] = [];
  const secrets = [...(answers.secrets ?? [])];
  return {
    interactive: true,
    questions,
    confirm: async (question) => {
      questions.push(question);
      return answers.confirm ?? false;
    },
    secret: async (question) => {
      questions.push(question);
      return secrets.shift() ?? answers.secret;
    },
  };
}

/** Skips the test with the reason when this machine has no sshd. */
export async function needSshd(context: TestContext): Promise<void> {
  const missing = await canStartProcessSshd();
  if (missing !== undefined) context.skip(missing);
}

/** Starts an sshd that ends with the test. */
export async function startHost(options: ProcessSshdOptions = {}): Promise<TestHost> {
  const host = await startProcessSshd({ alias: 'web1', ...options });
  onTestFinished(() => host.stop());
  return host;
}

/** Makes a laptop that goes with the test. */
export async function makeLaptop(hosts: readonly TestHost[], options: LaptopOptions = {}): Promise<Laptop> {
  const laptop = await createLaptop(hosts, options);
  onTestFinished(() => laptop.remove());
  return laptop;
}

/** A transport that is configured as on the laptop and ends with the test. */
export function openTransport(
  laptop: Laptop,
  options: Partial<TransportOptions> & { ssh?: Partial<SshOptions>; kind?: TransportName } = {},
): Transport {
  const { ssh, kind = 'ssh2', ...rest } = options;
  const create = { ssh2: createSsh2Transport, openssh: createOpensshTransport }[kind];
  const transport = create({
    sshOptions: { configFile: laptop.sshConfig, identityFiles: [], options: [], ...ssh },
    prompter: NOBODY,
    env: laptop.env,
    ...rest,
  });
  onTestFinished(() => transport.close());
  return transport;
}

/** Connects to a host by its alias; the connection ends with the test. */
export async function connect(transport: Transport, alias: string, connectTimeoutMs = 5_000): Promise<Connection> {
  const connection = await transport.connect({ name: alias, destination: alias }, { connectTimeoutMs });
  onTestFinished(() => connection.close());
  return connection;
}

/** Connects and runs a line at once, as verbs do; gives what it printed and how it ended. */
export async function connectAndRun(
  transport: Transport,
  alias: string,
  request: ExecRequest,
): Promise<ExecEnd & { stdout: string; stderr: string }> {
  const target = { name: alias, destination: alias };
  const { connection, channel } = await transport.connectAndExec(target, request, { connectTimeoutMs: 5_000 });
  channel.stdin.end();
  try {
    return await collect(channel);
  } finally {
    await connection.close();
  }
}

/** What a line printed and how it ended. */
export async function run(connection: Connection, line: string, input = ''): Promise<ExecEnd & { stdout: string }> {
  const channel = await connection.exec({ line });
  channel.stdin.end(input);
  return collect(channel);
}

/** Reads a channel to its end. */
export async function collect(channel: ExecChannel): Promise<ExecEnd & { stdout: string; stderr: string }> {
  const read = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const [stdout, stderr, end] = await Promise.all([read(channel.stdout), read(channel.stderr), channel.ended]);
  return { ...end, stdout, stderr };
}

/** What a promise was rejected with. */
export async function catchError(work: Promise<unknown>): Promise<Record<string, unknown> & { message: string }> {
  const error = await work.then(
    () => new Error('it succeeded'),
    (reason) => reason,
  );
  return Object.assign(error, { elapsed: performance.now() });
}

/** Listens on a loopback port and treats each connection as told. */
export async function listen(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
