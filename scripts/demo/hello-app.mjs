import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoteWord } from './quote-word.mjs';

const SERVER = fileURLToPath(new URL('./hello-server.cjs', import.meta.url));

/** Describes a small web app that runs with the Node that runs the demo; without ports it takes free ones. */
export function createHelloApp(ports) {
  return {
    name: 'hello',
    what: 'a small web app',
    healthPath: '/health',
    install: async (host, index) => {
      const { home } = host.access;
      await copyFile(SERVER, join(home, 'hello.cjs'));
      await writeFile(join(home, 'site.json'), JSON.stringify({ name: host.alias, port: ports[index] ?? 0 }));
    },
    buildStartLines: ({ hostList }) => [
      `outlast start hello -H ${hostList} -- ${quoteWord(process.execPath)} hello.cjs`,
    ],
    formatPage: (text) => text.trim(),
    isPageOf: (text, { host, pid }) => text === `hello from ${host}, pid ${pid}\n`,
    // Each request is in the log; nobody but the demo has asked for the page.
    isLogOf: (text, { host }) => text.split('\n').some((line) => line.startsWith(host) && line.endsWith('GET /')),
  };
}
