import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort, type ProgramResult, waitFor } from '@outlast/test-fixtures';
import { beforeAll, describe, expect, test } from 'vitest';
import { readDocument, type ToldDocument } from '../document-schema.js';
import { askInProcess, runInProcess } from '../in-process.js';
import { shell, useLab } from '../program-lab.js';
import { maskVolatile } from './mask-volatile.js';

const lab = useLab(['web1', 'web2', 'web3', 'web4'], { kind: 'embedded' });
const HOSTS = 'web1,web2,web3,web4';

let dead = '';
let folders = 0;
beforeAll(async () => {
  dead = `127.0.0.1:${await findFreePort()}`;
});

function merge(files: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}) {
  return lab.laptop.run([...lab.laptop.argvOf([]), 'merge', ...files], options);
}

interface Shards {
  readonly folder: string;
  readonly files: readonly string[];
  readonly results: readonly ProgramResult[];
  readonly documents: readonly ToldDocument[];
}

type Run = (words: readonly string[]) => Promise<ProgramResult>;

/** Runs the program with `--json`. */
const runProgram: Run = ([verb = '', ...rest]) => lab.run([verb, '--json', ...rest]);
/** Does the same inside this process, which is much cheaper. */
const runHere: Run = async (words) => ({ ...(await askInProcess(lab.laptop, words)), signal: null });

/** Runs every shard of a run at the same time, as machines do. */
async function runShards([verb = '', ...rest]: readonly string[], count: number, run = runHere): Promise<Shards> {
  const folder = join(lab.laptop.home, `shards-${++folders}`);
  await mkdir(folder);
  const files = Array.from({ length: count }, (_, index) => `${index + 1}.json`);
  const results = await Promise.all(
    files.map(async (file, index) => {
      const result = await run([verb, '--shard', `${index + 1}/${count}`, ...rest]);
      await writeFile(join(folder, file), result.stdout);
      return result;
    }),
  );
  const documents = results.map(({ stdout }) => readDocument(verb, stdout));
  for (const [index, { exitCode }] of results.entries())
    expect(documents[index]?.shard).toEqual({ index: index + 1, count, exitCode });
  return { folder, files, results, documents };
}

/** The run without shards, and what is merged out of its shards. */
async function runBoth(
  words: readonly string[],
  count: number,
  { before, run = runHere }: { readonly before?: () => Promise<unknown>; readonly run?: Run } = {},
) {
  await before?.();
  const whole = await run(words);
  await before?.();
  const shards = await runShards(words, count, run);
  const files = [...shards.files].reverse();
  const merged =
    run === runProgram
      ? await merge(files, { cwd: shards.folder })
      : await runInProcess(lab.laptop, ['merge', ...files.map((file) => join(shards.folder, file))]);
  expect(merged.stderr).toBe('');
  expect([maskVolatile(merged.stdout), merged.exitCode]).toEqual([maskVolatile(whole.stdout), whole.exitCode]);
  return { whole, shards };
}

const start = (app: string, hosts: string) =>
  runHere(['start', app, '-H', hosts, '--settle', '100ms', ...shell('exec sleep 600')]);

describe('what is merged is the document and the exit code of the run without shards', () => {
  test('of exec, with programs that fail and hosts that are dead', async () => {
    const line = shell('printf "\\033\\302\\233\\377 é"; test -e "$HOME/none" || exit 3');
    const { whole } = await runBoth(['exec', '-H', `${HOSTS},${dead}`, ...line], 3, { run: runProgram });
    expect(whole.exitCode).toBe(1);
  });

  test('of exec on a single host, whose exit code is passed through', async () => {
    const { whole, shards } = await runBoth(['exec', '-H', 'web2', ...shell('exit 7')], 2);
    expect([whole.exitCode, ...shards.results.map(({ exitCode }) => exitCode)]).toEqual([7, 7, 0]);
    expect(shards.documents[1]).toMatchObject({ ok: true, outcomes: [] });
    expect(shards.results[1]?.stderr).toBe('Shard 2/2 has no hosts: the selection has 1.\n');
  });

  test('of exec with one host a shard, which is not a single one', async () => {
    const { whole, shards } = await runBoth(['exec', '-H', 'web1,web2', ...shell('exit 7')], 2);
    expect([whole.exitCode, ...shards.results.map(({ exitCode }) => exitCode)]).toEqual([1, 1, 1]);
    const { stdout } = await lab.run(['exec', '-H', 'web1,web2', '--shard', '1/2', '--', 'echo', 'hello']);
    expect(stdout).toBe('web1 | hello\n');
  });

  test('of status, where the app runs on some hosts only', async () => {
    await start('some', 'web1,web3');
    const { shards } = await runBoth(['status', 'some', '-H', HOSTS], 4);
    expect(shards.results.map(({ exitCode }) => exitCode)).toEqual([0, 3, 0, 3]);
  });

  test.each([
    [3, ['-H', HOSTS]],
    [4, ['-H', () => `${dead},nobody@${dead}`]],
    [1, ['-H', () => `web1,${dead}`]],
  ] as const)('of status that ends with %i', async (exitCode, [flag, hosts]) => {
    const { whole } = await runBoth(['status', 'nowhere', flag, typeof hosts === 'string' ? hosts : hosts()], 2);
    expect(whole.exitCode).toBe(exitCode);
  });

  test('of find, where only one host has the process', async () => {
    await start('searched', 'web2');
    const { whole, shards } = await runBoth(['find', '--app', 'searched', '-H', HOSTS], 4);
    expect([whole.exitCode, ...shards.results.map(({ exitCode }) => exitCode)]).toEqual([0, 1, 0, 1, 1]);
  });

  test('of stop, with a dead host', async () => {
    const { whole } = await runBoth(['stop', 'twice', '-H', `${HOSTS},${dead}`], 3, {
      before: () => start('twice', 'web1,web4'),
    });
    expect(whole.exitCode).toBe(1);
  });

  test('of a run that was interrupted on one machine', async () => {
    const shard = ['exec', '--json', '--shard', '1/2', '-H', 'web1,web2'];
    const client = lab.laptop.spawnOutlast([...shard, ...shell(': >"$HOME/begun"; exec sleep 600')]);
    const chunks: string[] = [];
    client.stdout?.on('data', (chunk) => chunks.push(String(chunk)));
    const ended = new Promise((resolve) => client.once('close', resolve));
    const begun = async () => (await lab.host('web1').run('test -e "$HOME/begun"')).exitCode === 0;
    await waitFor(begun, { what: 'the program to begin' });
    client.kill('SIGINT');
    expect(await ended).toBe(130);
    const file = join(lab.laptop.home, 'interrupted.json');
    await writeFile(file, chunks.join(''));
    const other = await runHere(['exec', '--shard', '2/2', '-H', 'web1,web2', '--', 'true']);
    const merged = await merge([file, '-'], { input: other.stdout });
    expect(merged.exitCode).toBe(130);
    const { outcomes } = readDocument('exec', merged.stdout);
    expect(outcomes).toMatchObject([
      { host: 'web1', ok: null, error: { code: 'E_UNKNOWN_RESULT' } },
      { host: 'web2', ok: true },
    ]);
  });
});

describe('--shard', () => {
  test('comes after everything else that chooses hosts', async () => {
    const args = ['-H', 'web4,web1,web4', '-H', 'web[1-3]', '-x', 'web2'];
    const { shards, whole } = await runBoth(['hosts', ...args], 2);
    expect(readDocument('hosts', whole.stdout).outcomes.map(({ host }) => host)).toEqual(['web4', 'web1', 'web3']);
    expect(shards.documents.map(({ outcomes }) => outcomes.map(({ host }) => host))).toEqual([
      ['web4', 'web1'],
      ['web3'],
    ]);
  });

  test('comes before --retry-failed, and every shard has a last run of its own', async () => {
    const line = shell('test "$(cat "$HOME/code")" = 0');
    const setCodes = (...codes: readonly number[]) =>
      Promise.all(codes.map((code, index) => lab.host(`web${index + 1}`).run(`echo ${code} >"$HOME/code"`)));
    const args = ['exec', '-H', HOSTS];
    await setCodes(0, 1, 0, 1);
    await runShards([...args, ...line], 2);
    await setCodes(0, 0, 0, 1);
    const again = await runShards([...args, '--retry-failed', ...line], 2);
    expect(again.documents.map(({ outcomes }) => outcomes.map(({ host, ok }) => [host, ok]))).toEqual([
      [['web2', true]],
      [['web4', false]],
    ]);
    expect((await merge(again.files, { cwd: again.folder })).exitCode).toBe(1);
  });

  test('is refused before anything is sent where it is none', async () => {
    const { exitCode, stderr } = await lab.run(['status', '-H', 'web1', '--shard', '4/3']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('i from 1 to n, n at most 10000')]);
  });

  test('of a selection that is empty as a whole is refused as without it', async () => {
    const { exitCode, stderr } = await lab.run(['status', '-H', 'web1', '-x', 'web1', '--shard', '2/2']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('every chosen host is excluded')]);
  });
});

describe('outlast merge', () => {
  test('says of each file what is wrong with it, and prints nothing', async () => {
    const { folder } = await runShards(['hosts', '-H', 'web1'], 1);
    const good = await readFile(join(folder, '1.json'));
    await writeFile(join(folder, 'cut.json'), good.subarray(0, 60));
    await writeFile(join(folder, 'bytes.json'), Buffer.from([0x7b, 0xff, 0x7d]));
    const args = ['none.json', '.', 'cut.json', 'bytes.json', '1.json', '-', 'a\u001bb'];
    const { exitCode, stdout, stderr } = await merge(args, { cwd: folder, input: '' });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').slice(0, 6)).toEqual([
      'error: none.json: it cannot be read: there is no such file',
      expect.stringMatching(/^ *\.: it cannot be read: it is a folder$/),
      expect.stringMatching(/^ *cut\.json:5:\d+: it ends in the middle$/),
      expect.stringMatching(/^ *bytes\.json: it is not UTF-8$/),
      expect.stringMatching(/^ *stdin: it is empty$/),
      expect.stringMatching(/^ *a\\x1bb: it cannot be read: there is no such file$/),
    ]);
  });

  test('is completed with files', async () => {
    const { stdout } = await runInProcess(lab.laptop, ['completion', 'bash']);
    expect(stdout).toContain("'merge') echo 'file' ;;");
  });

  test('wants at least one file', async () => {
    expect(await merge([])).toMatchObject({ exitCode: 2, stdout: '' });
  });
});
