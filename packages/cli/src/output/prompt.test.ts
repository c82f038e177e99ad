import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { createPrompter } from './prompt.js';
import { createOutput } from './streams.js';

function createTerminal({ isTTY = true } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 });
  const output = createOutput({ stdout: new PassThrough(), stderr, env: {}, flags: { color: false } });
  let written = '';
  stderr.on('data', (chunk) => {
    written += chunk;
  });
  let interrupts = 0;
  const prompter = createPrompter({ input, output, onInterrupt: () => interrupts++ });
  const waitFor = async (text: string) => {
    while (!written.includes(text)) await once(stderr, 'data');
  };
  return { input, stderr, output, prompter, waitFor, read: () => written, countInterrupts: () => interrupts };
}

describe('a question', () => {
  test.each([
    ['yes', true],
    [' YES ', true],
    ['no', false],
    ['No', false],
  ])('answered with %j gives %s', async (typed, expected) => {
    const { input, prompter, waitFor } = createTerminal();
    const answer = prompter.confirm('trust it?');
    await waitFor('trust it? ');
    input.write(`${typed}\r`);
    expect(await answer).toBe(expected);
  });

  test.each(['y', '', 'maybe'])('answered with %j is asked again, until it is yes or no', async (typed) => {
    const { input, prompter, waitFor, read } = createTerminal();
    const answer = prompter.confirm('trust it?');
    await waitFor('trust it? ');
    input.write(`${typed}\r`);
    await waitFor('Please type yes or no. trust it? ');
    input.write('yes\r');
    expect(await answer).toBe(true);
    expect(read().match(/trust it\? /g)?.length).toBe(2);
  });

  test('is not asked for a secret before the terminal has stopped to show what is typed', async () => {
    const { input, stderr, prompter, waitFor } = createTerminal();
    const written = vi.spyOn(stderr, 'write');
    const writtenBefore: number[] = [];
    Object.assign(input, { setRawMode: () => writtenBefore.push(written.mock.calls.length) });
    const secret = prompter.secret('Passphrase:');
    await waitFor('Passphrase: ');
    input.write('hunter2\r');
    expect(await secret).toBe('hunter2');
    expect(writtenBefore[0]).toBe(0);
  });

  test('shows what is typed, a secret does not', async () => {
    const { input, prompter, waitFor, read } = createTerminal();
    const secret = prompter.secret('Passphrase:');
    await waitFor('Passphrase: ');
    input.write('hunter2\r');
    expect(await secret).toBe('hunter2');
    expect(read()).toBe('Passphrase: \n');
    const answer = prompter.confirm('sure?');
    await waitFor('sure? ');
    input.write('yes\r');
    await answer;
    expect(read()).toContain('sure? ');
    expect(read()).toMatch(/y.*e.*s/s);
    expect(read()).not.toContain('hunter2');
  });

  test('comes after the one before it is answered', async () => {
    const { input, prompter, waitFor, read } = createTerminal();
    const answers = [prompter.confirm('first?'), prompter.secret('second?')];
    await waitFor('first? ');
    expect(read()).not.toContain('second?');
    input.write('yes\r');
    await waitFor('second? ');
    input.write('s3cret\r');
    expect(await Promise.all(answers)).toEqual([true, 's3cret']);
  });

  test('keeps notes back until it is answered', async () => {
    const { input, output, prompter, waitFor, read } = createTerminal();
    const answer = prompter.secret('Passphrase:');
    await waitFor('Passphrase: ');
    output.note('web2 is done');
    expect(read()).not.toContain('web2');
    input.write('x\r');
    await answer;
    await waitFor('web2 is done\n');
  });

  test('cannot write to the terminal what a host made up', async () => {
    const { input, prompter, waitFor } = createTerminal();
    const answer = prompter.confirm('\x1b[2Jkey?');
    await waitFor('\\x1b[2Jkey? ');
    input.write('no\r');
    expect(await answer).toBe(false);
  });
});

describe('a question for text', () => {
  test.each([
    ['', 'web1'],
    ['  ', 'web1'],
    [' db1 ', 'db1'],
  ])('answered with %j gives %j', async (typed, expected) => {
    const { input, prompter, waitFor } = createTerminal();
    const answer = prompter.ask('Hosts?', 'web1');
    await waitFor('Hosts? [web1] ');
    input.write(`${typed}\r`);
    expect(await answer).toBe(expected);
  });

  test('without a default shows none; Ctrl-C gives none', async () => {
    const { input, prompter, waitFor, read } = createTerminal();
    const answer = prompter.ask('Line?', '');
    await waitFor('Line? ');
    input.write('abc\x03');
    expect(await answer).toBeUndefined();
    expect(read()).not.toMatch(/Line\? \[/);
  });
});

describe('giving up', () => {
  test('with Ctrl-C says so, and no further question is asked', async () => {
    const { input, prompter, waitFor, read, countInterrupts } = createTerminal();
    const answers = [prompter.secret('first?'), prompter.confirm('second?')];
    await waitFor('first? ');
    input.write('abc\x03');
    expect(await Promise.all(answers)).toEqual([undefined, false]);
    expect(countInterrupts()).toBe(1);
    expect(read()).not.toContain('second?');
  });

  test('with Ctrl-D is for that question only', async () => {
    const { input, prompter, waitFor, countInterrupts } = createTerminal();
    const first = prompter.secret('first?');
    await waitFor('first? ');
    input.write('\x04');
    expect(await first).toBeUndefined();
    const second = prompter.confirm('second?');
    await waitFor('second? ');
    input.write('yes\r');
    expect(await second).toBe(true);
    expect(countInterrupts()).toBe(0);
  });
});

test('off a terminal nothing is asked', async () => {
  const { prompter, read } = createTerminal({ isTTY: false });
  expect(prompter.interactive).toBe(false);
  expect(await prompter.confirm('trust it?')).toBe(false);
  expect(await prompter.secret('Passphrase:')).toBeUndefined();
  expect(await prompter.ask('Hosts?', 'web1')).toBeUndefined();
  expect(read()).toBe('');
});
