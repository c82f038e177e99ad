// An SSH server in a process of its own, and a laptop's files in which every name that begins with h stands for it.
import { readFileSync, writeFileSync } from 'node:fs';
import { createLaptop, startEmbeddedHost } from '../../packages/test-fixtures/dist/index.js';

const host = await startEmbeddedHost({ alias: 'h' });
const laptop = await createLaptop([host], { program: ['outlast'] });
const config = readFileSync(laptop.sshConfig, 'utf8');
writeFileSync(laptop.sshConfig, config.replace('Host h\n', 'Host h*\n'));
process.send({ config: laptop.sshConfig, env: laptop.env });

process.once('disconnect', async () => {
  await laptop.remove();
  await host.stop();
});
