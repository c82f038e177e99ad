import type { Prompter, SshOptions, Transport } from './transport.js';

/** The ways to speak SSH: a library, which is quicker, and the program, which can do more. */
export const TRANSPORTS = ['ssh2', 'openssh'] as const;

/** The name of a transport. */
export type TransportName = (typeof TRANSPORTS)[number];

/** What counts where neither a flag nor the configuration says anything. */
export const DEFAULT_TRANSPORT: TransportName = 'ssh2';

/** What every transport is made of. */
export interface TransportOptions {
  readonly sshOptions: SshOptions;
  readonly prompter: Prompter;
  /** Environment in which `ssh` and ProxyCommands run, and in which SSH_AUTH_SOCK is looked up. */
  readonly env: NodeJS.ProcessEnv;
  /** The file in which hosts are remembered from one run to the next; without one they are not. */
  readonly memoryFile?: string;
  /** Told what is worth knowing and no error. */
  warn?(message: string): void;
}

/** The transports of one run, each created when the first host needs it. */
export interface Transports {
  get(name: TransportName): Promise<Transport>;
  /** Lets go of all of them. */
  close(): Promise<void>;
}

/** Creates the transports of a run. */
export function createTransports(options: TransportOptions): Transports {
  const created = new Map<TransportName, Promise<Transport>>();
  return {
    get(name) {
      const transport = created.get(name) ?? createTransport(name, options);
      created.set(name, transport);
      return transport;
    },
    async close() {
      await Promise.all([...created.values()].map(async (transport) => (await transport).close()));
    },
  };
}

async function createTransport(name: TransportName, options: TransportOptions): Promise<Transport> {
  if (name === 'ssh2') return (await import('./ssh2/transport.js')).createSsh2Transport(options);
  return (await import('./openssh/transport.js')).createOpensshTransport(options);
}
