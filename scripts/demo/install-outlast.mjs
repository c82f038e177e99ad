import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../run-step.mjs';
import { quoteWord } from './quote-word.mjs';

/** What is installed as `outlast`. */
export const INSTALLED = join(ROOT, 'packages', 'cli', 'bin', 'outlast.mjs');

/** The program behind it, as the clone has built it. */
const OUTLAST = join(ROOT, 'packages', 'cli', 'program', 'outlast.js');

/**
 * Installs `outlast` on a laptop of the demo: a configuration that names the hosts, and a script that runs the program in
 * the laptop's home with its key and its known_hosts; resolves to the path of the script.
 */
export async function installOutlast(laptop, hosts) {
  const config = join(laptop.env.XDG_CONFIG_HOME, 'outlast');
  await mkdir(config, { recursive: true });
  await writeFile(join(config, 'config.yaml'), buildConfig(laptop, hosts));
  const path = join(laptop.home, 'bin', 'outlast');
  await mkdir(join(laptop.home, 'bin'));
  await writeFile(path, buildScript(laptop, hosts[0]), { mode: 0o755 });
  return path;
}

function buildConfig(laptop, hosts) {
  const lines = hosts.map((host) => `  ${host.alias}: ${JSON.stringify(laptop.destination(host))}\n`);
  return `hosts:\n${lines.join('')}`;
}

// What is in ~/.ssh/config for a real user; with flags it also works where there is no ssh to read such a file.
function buildScript(laptop, host) {
  const home = Object.entries(laptop.env).filter(([name]) => name === 'HOME' || name.startsWith('XDG_'));
  const program = [process.execPath, '--', OUTLAST].map(quoteWord).join(' ');
  const flags = ['-F', 'none', ...laptop.sshFlags(host)].map(quoteWord).join(' ');
  return `#!/bin/sh
${home.map(([name, value]) => `export ${name}=${quoteWord(value)}`).join('\n')}
case \${1-} in
  '' | -* | help | init | completion) exec ${program} "$@" ;;
esac
verb=$1
shift
exec ${program} "$verb" ${flags} "$@"
`;
}
