import { randomBytes } from 'node:crypto';
import { type TestHost, varyHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { TransportName } from '../../src/ssh/transports.js';
import {
  buildPerson,
  catchError,
  connect,
  connectAndRun,
  makeLaptop,
  NOBODY,
  openTransport,
} from '../sshd/connection-lab.js';
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

describe.each<TransportName>(['ssh2', 'openssh'])('over %s', (kind) => {
  test.each(['answers', 'both'] as const)(
    'a person at a terminal answers what the server asks of %s',
    async (prefix) => {
      const host = await makePerson(prefix);
      const person = buildPerson({ secret: PASSWORD });
      const transport = openTransport(await makeLaptop([host]), { kind, prompter: person });
      const { stdout } = await connectAndRun(transport, 'web1', { line: 'whoami; cat', input: 'and what was sent' });
      expect(stdout).toBe(`${host.user}\nand what was sent`);
      const asked = { ssh2: `${host.user} at web1: Password: `, openssh: `web1: (${host.user}@127.0.0.1) Password: ` };
      expect(person.questions).toEqual([asked[kind]]);
    },
  );

  test('a person at a terminal is asked again after a wrong answer, as often as the configuration says', async () => {
    const host = await makePerson('answers');
    const person = buildPerson({ secret: 'wrong' });
    const ssh = { options: ['NumberOfPasswordPrompts=2'] };
    const transport = openTransport(await makeLaptop([host]), { kind, prompter: person, ssh });
    expect(await catchError(connect(transport, 'web1', 20_000))).toMatchObject({ code: 'E_AUTH' });
    expect(person.questions).toHaveLength(2);
  });

  test.each(['answers', 'both'] as const)(
    'off a terminal the error names what the server wants of %s',
    async (prefix) => {
      const host = await makePerson(prefix);
      const transport = openTransport(await makeLaptop([host]), { kind, prompter: NOBODY });
      const error = await catchError(connectAndRun(transport, 'web1', { line: 'true' }));
      expect(error).toMatchObject({ code: 'E_AUTH' });
      expect(error.message).toContain('it accepts: keyboard-interactive');
    },
  );
});
