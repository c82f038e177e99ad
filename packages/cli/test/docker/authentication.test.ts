import { randomBytes } from 'node:crypto';
import { type TestHost, varyHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { buildPerson, catchError, connectAndRun, makeLaptop, NOBODY, openTransport } from '../sshd/connection-lab.js';
import { getHost, needDocker, runAsRoot } from './docker-lab.js';

beforeEach(needDocker);

const PASSWORD = 'correct horse';

/** A user with a password on a real server, which lets such users in as its configuration says of their names. */
async function makePerson(prefix: 'answers' | 'both'): Promise<TestHost> {
  const host = getHost('debian');
  const user = `${prefix}${randomBytes(4).toString('hex')}`;
  await runAsRoot(host, 'useradd --create-home "$1"; echo "$1:$2" | chpasswd', user, PASSWORD);
  onTestFinished(async () => void (await runAsRoot(host, 'userdel --remove --force "$1" || true', user)));
  return varyHost(host, { user, alias: 'web1' });
}

describe('a person at a terminal', () => {
  test.each(['answers', 'both'] as const)('answers what the server asks of %s', async (prefix) => {
    const host = await makePerson(prefix);
    const person = buildPerson({ secret: PASSWORD });
    const transport = openTransport(await makeLaptop([host]), { prompter: person });
    const { stdout } = await connectAndRun(transport, 'web1', { line: 'whoami; cat', input: 'and what was sent' });
    expect(stdout).toBe(`${host.user}\nand what was sent`);
    expect(person.questions).toEqual([`${host.user} at web1: Password: `]);
  });

  test('is asked again after a wrong answer, as often as the server goes on', async () => {
    const host = await makePerson('answers');
    const person = buildPerson({ secret: 'wrong' });
    const transport = openTransport(await makeLaptop([host]), { prompter: person });
    expect(await catchError(connectAndRun(transport, 'web1', { line: 'true' }))).toMatchObject({ code: 'E_AUTH' });
    expect(person.questions.length).toBeGreaterThan(0);
  });
});

test.each(['answers', 'both'] as const)(
  'off a terminal the error names what the server wants of %s',
  async (prefix) => {
    const host = await makePerson(prefix);
    const transport = openTransport(await makeLaptop([host]), { prompter: NOBODY });
    const error = await catchError(connectAndRun(transport, 'web1', { line: 'true' }));
    expect(error).toMatchObject({ code: 'E_AUTH' });
    expect(error.message).toContain('it accepts: keyboard-interactive');
  },
);
