import type { Connection } from '../ssh/transport.js';

/** The connections that hosts have left for a following run; each belongs to whoever has taken it. */
export class KeptConnections {
  readonly #connections = new Map<string, Connection>();

  /** The one of that host, if it still lives; it is somebody else's from now on. */
  take(host: string): Connection | undefined {
    const connection = this.#connections.get(host);
    this.#connections.delete(host);
    return connection;
  }

  /** Keeps it, where the host has none yet. */
  async keep(host: string, connection: Connection): Promise<void> {
    if (this.#connections.has(host)) return connection.close();
    this.#connections.set(host, connection);
    connection.closed.then(() => {
      if (this.#connections.get(host) === connection) this.#connections.delete(host);
    });
  }

  async close(): Promise<void> {
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
