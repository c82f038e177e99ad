import { describe, expect, test } from 'vitest';
import { appOf, shell, useLab } from '../program-lab.js';

const lab = useLab(['web1']);

const WORDS: readonly string[] = [
  'two words',
  '',
  '  ',
  "it's",
  'say "hello"',
  "'\\''",
  'line one\nline two\n',
  '\n',
  '$(touch /tmp/never) $HOME',
  '`touch /tmp/never`',
  '🐎 größer 日本',
  '--leading',
  '-n',
  '--',
  '-',
  'back\\slash\\n',
  '*?[a-z]',
  '~',
  '!history !!',
  'a;b&c|d>e<f#g',
  '\ttab\r',
  '\u001b[31mred',
  '@@0123456789abcdef01234567 END 0',
  'x'.repeat(100_000),
];

/** Writes all of its arguments, two variables and its folder, each with a NUL behind it. */
const WITNESS =
  'for w in "$@" "$FIRST" "$SECOND" "$PWD"; do printf "%s\\0" "$w"; done >"$XDG_STATE_HOME/witness.new"; ' +
  'mv "$XDG_STATE_HOME/witness.new" "$XDG_STATE_HOME/witness"; exec sleep 600';

describe('an app gets what was written, byte for byte', () => {
  const values = { FIRST: ` a="b" 'c' $(id) \`id\`\n\\ ÿ🐎 `, SECOND: '' };
  test('as argv, environment and folder', async () => {
    const state = (await lab.host().run('printf %s "$XDG_STATE_HOME"')).stdout;
    const cwd = `${state}/-a folder's "name" $(id) 🐎`;
    expect((await lab.host().run(`mkdir '${cwd.replaceAll("'", "'\\''")}'`)).exitCode).toBe(0);
    const env = Object.entries(values).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const argv = ['/bin/sh', '-c', WITNESS, 'witness', ...WORDS];
    const told = await lab.ask(['start', 'bytes', '-H', 'web1', '--cwd', cwd, ...env, '--', ...argv]);
    expect(told.exitCode, told.stderr).toBe(0);
    const { stdout } = await lab.host().run('cat "$XDG_STATE_HOME/witness"');
    expect(stdout.split('\0').slice(0, -1)).toEqual([...WORDS, values.FIRST, values.SECOND, cwd]);
    expect(appOf(told)).toMatchObject({ argv, cwd });
    const status = appOf(await lab.ask(['status', 'bytes', '-H', 'web1']));
    expect(status).toMatchObject({ argv, cwd });
    const inspected = appOf(await lab.ask(['inspect', 'bytes', '-H', 'web1']));
    expect(inspected.spec).toMatchObject({ argv, cwd, env: values });
    expect((await lab.host().run('ls /tmp/never')).exitCode).not.toBe(0);
  });

  test('and again from the record, when it is restarted', async () => {
    await lab.host().run('rm "$XDG_STATE_HOME/witness"');
    expect((await lab.ask(['restart', 'bytes', '-H', 'web1'])).exitCode).toBe(0);
    const { stdout } = await lab.host().run('cat "$XDG_STATE_HOME/witness"');
    expect(stdout.split('\0').slice(0, WORDS.length)).toEqual(WORDS);
  });

  test('and as a shell line, which the shell of the host reads', async () => {
    const line = 'x="a  b"; printf "%s|" "$x" $(echo c d) "$Q"; exec sleep 600';
    const told = await lab.ask(['start', 'line', '-H', 'web1', '--env', "Q='", '--shell', line]);
    expect(appOf(told).argv).toEqual(['/bin/sh', '-c', line]);
    expect((await lab.run(['logs', 'line', '-H', 'web1'])).stdout).toBe("a  b|c|d|'|");
  });
});

describe('exec', () => {
  test('passes argv, input, both outputs and the exit code on, byte for byte', async () => {
    const line = 'printf "%s\\0" "$@"; cat; printf "err\\377" >&2; exit 9';
    const argv = [...shell(line), 'sh', ...WORDS];
    const result = await lab.run(['exec', '-H', 'web1', '--stdin', ...argv], { input: 'in\0put' });
    expect(result.stdout).toBe(`${WORDS.join('\0')}\0in\0put`);
    expect(result.exitCode).toBe(9);
    const told = await lab.ask(['exec', '-H', 'web1', '--stdin', ...argv], { input: 'in\0put' });
    expect(told.document.outcomes).toMatchObject([
      { ok: false, exitCode: 9, signal: null, stdout: `${WORDS.join('\0')}\0in\0put` },
    ]);
    expect(Buffer.from(String(told.document.outcomes[0]?.stderrBase64), 'base64')).toEqual(
      Buffer.from('err\xff', 'latin1'),
    );
    expect(told.document.outcomes[0]).not.toHaveProperty('stdoutBase64');
  });

  test('gives a program no input unless it is asked to', async () => {
    const result = await lab.run(['exec', '-H', 'web1', '--', 'cat'], { input: 'not for you' });
    expect(result).toMatchObject({ stdout: '', exitCode: 0 });
  });
});

test('an argument that is not UTF-8 is refused, never changed', async () => {
  const argv = lab.laptop.argvOf(['start', 'latin', '-H', 'web1', '--', 'echo']).map((word) => `'${word}'`);
  const result = await lab.laptop.run(['/bin/sh', '-c', `${argv.join(' ')} "$(printf 'caf\\351')"`]);
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toMatch(/not valid UTF-8/);
});
