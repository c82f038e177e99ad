import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './fixtures.mjs';
import { ensureStreamlit } from './streamlit-venv.mjs';

const SCRIPT = fileURLToPath(new URL('./dashboard.py', import.meta.url));

/** Describes a real Streamlit app, on the given ports or on free ones; installs Streamlit where need be. */
export async function createStreamlitApp(givenPorts, context) {
  const venv = await ensureStreamlit(context);
  const ports = givenPorts.length > 0 ? givenPorts : [await findFreePort(), await findFreePort()];
  return {
    name: 'dashboard',
    what: 'a Streamlit app',
    healthPath: '/_stcore/health',
    install: async ({ access: { home } }) => {
      await copyFile(SCRIPT, join(home, 'dashboard.py'));
      await symlink(venv, join(home, '.venv'));
      await mkdir(join(home, '.streamlit'));
      await writeFile(join(home, '.streamlit', 'config.toml'), '[browser]\ngatherUsageStats = false\n');
    },
    // Hosts of their own would share one line; here both are on one machine, and need a port each.
    buildStartLines: ({ hosts }) => hosts.map(({ alias }, index) => buildStartLine(alias, ports[index])),
    formatPage: (text) => /<title>.*<\/title>/.exec(text)?.[0] ?? '(no title)',
    isPageOf: (text) => text.includes('<title>Streamlit</title>'),
    isLogOf: (text, { host, port }) =>
      text.split('\n').some((line) => line.startsWith(host) && line.includes(`:${port}`)),
  };
}

// Python holds its log back unless told not to.
function buildStartLine(host, port) {
  const env = '--env STREAMLIT_SERVER_HEADLESS=true --env PYTHONUNBUFFERED=1';
  const streamlit = `.venv/bin/streamlit run dashboard.py --server.address 127.0.0.1 --server.port ${port}`;
  return `outlast start dashboard -H ${host} ${env} -- ${streamlit}`;
}
