/** The ssh2 library. */
export type Ssh2 = typeof import('ssh2');

/** Loads ssh2 when the first connection is made: most of what outlast prints needs none. */
export async function loadSsh2(): Promise<Ssh2> {
  // A CommonJS module: not all of its names are seen as exports.
  const module = (await import('ssh2')) as unknown as { default: Ssh2 };
  return module.default;
}
