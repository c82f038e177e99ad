// Test files share their processes, but for those whose environment has options of its own: here it has to be one that has loaded no ssh2 yet.
// @vitest-environment-options { "process": "of its own" }
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { createSsh2Transport } from './transport.js';

test('ssh2 is not loaded before a connection is made', async () => {
  const prompter = { interactive: false, confirm: async () => false, secret: async () => undefined };
  const transport = createSsh2Transport({ sshOptions: { identityFiles: [], options: [] }, prompter, env: process.env });
  const isLoaded = (): boolean =>
    Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/ssh2/'));
  expect(isLoaded()).toBe(false);
  const options = { connectTimeoutMs: 1_000 };
  const closed = { name: 'closed', destination: '127.0.0.1', port: 1 };
  await expect(transport.connect(closed, options)).rejects.toMatchObject({ code: 'E_CONNECT_REFUSED' });
  expect(isLoaded()).toBe(true);
  await transport.close();
});
