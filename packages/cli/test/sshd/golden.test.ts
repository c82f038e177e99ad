import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { maskScreen } from '../golden-screen.js';
import { findMissingTerminal, runOnTerminal } from '../on-terminal.js';
import { shell, useLab } from '../program-lab.js';
import { drawScreen } from '../terminal-screen.js';

const lab = useLab(['web1', 'web2']);
let missing: string | undefined;

const APPS = ['api', `worker-${'z'.repeat(50)}`];
const START = ['--cwd', '/', '--settle', '200ms', '--', 'sh', '-c', `: ${'z'.repeat(100)}; sleep 600`];

beforeAll(async () => {
  missing = await findMissingTerminal(lab.laptop);
  if (missing !== undefined) return;
  await Promise.all(APPS.map((app) => lab.run(['start', app, '-H', 'web1,web2', ...START])));
});
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing);
});

/** What a person sees on terminals of these widths, as it is told in a golden file. */
async function look(args: readonly string[], widths: readonly number[], fits = true): Promise<string> {
  const words = { [lab.laptop.sshConfig]: 'CONFIG', [lab.laptop.home]: 'HOME' };
  const shown = await Promise.all(
    widths.map(async (columns) => {
      const { stdout, exitCode } = await runOnTerminal(lab.laptop, args, columns);
      const lines = drawScreen(stdout);
      if (fits && columns > 0) for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      const screen = maskScreen(lines, words).join('\n').trimEnd();
      return `--- ${columns} columns, exit ${exitCode}\n${screen}\n`;
    }),
  );
  return `${maskScreen([`$ outlast ${args.join(' ')}`], words).join('')}\n${shown.join('')}`;
}

const golden = (name: string) => `golden/${name}.golden`;

test.each<[name: string, args: readonly string[], widths: readonly number[], fits?: boolean]>([
  ['status', ['status', '-H', 'web[1-2]'], [200, 80, 20, 0]],
  ['status-wide', ['status', 'api', '-H', 'web[1-2]', '--wide', '--sort', '-host'], [80], false],
  ['status-format', ['status', '-H', 'web[1-2]', '--format', '{host} {app} {state} {ports} {error.code}'], [20], false],
  ['start-again', ['start', 'api', '-H', 'web[1-2]', ...START], [80]],
  ['stop-again', ['stop', 'nobody', '-H', 'web[1-2]'], [200, 80, 20, 0]],
  ['hosts', ['hosts', '-l', 'deploy', '-H', 'web[1-2],192.0.2.1:2222'], [200, 80, 20, 0]],
  ['find', ['find', '--app', 'api', '-H', 'web[1-2]'], [200, 80, 0]],
  ['help', ['stop', '--help'], [200, 80, 0], false],
])('%s looks as it did', async (name, args, widths, fits) => {
  await expect(await look(args, widths, fits)).toMatchFileSnapshot(golden(name));
});

test('the errors of many hosts are told in groups, with a summary beneath', async () => {
  const { laptop } = lab;
  const known = join(laptop.home, 'known_hosts_of_nobody');
  await writeFile(known, '');
  await lab.host('web1').run(': >"$XDG_STATE_HOME/flag"');
  const hosts = '127.0.0.[2-4]:9,web[1-2],nobody@web[1-2],127.0.0.9:10,late[1-3]';
  const args = ['exec', '-H', hosts, '--serial', '1', '--max-fail', '6', ...shell('test -e "$XDG_STATE_HOME/flag"')];
  const unknown = ['status', '-H', 'web[1-2]', '-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes'];
  const shown = await Promise.all([look(args, [80, 0], false), look(unknown, [80], false)]);
  await expect(shown.join('\n')).toMatchFileSnapshot(golden('errors'));
});
