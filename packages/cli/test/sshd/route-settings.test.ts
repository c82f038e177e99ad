import { readFile, writeFile } from 'node:fs/promises';
import { type Laptop, varyHost } from '@outlast/test-fixtures';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TransportName } from '../../src/ssh/transports.js';
import { addLaptop, ask, codesOf } from '../program-lab.js';
import { catchError, connect, listen, makeLaptop, needSshd, openTransport, run, startHost } from './connection-lab.js';

beforeEach(needSshd);

/** Puts lines before the configuration, where they win. */
async function configure({ sshConfig }: Laptop, lines: readonly string[]): Promise<void> {
  await writeFile(sshConfig, `${lines.join('\n')}\n${await readFile(sshConfig, 'utf8')}`);
}

describe.each<TransportName>(['ssh2', 'openssh'])('over %s', (kind) => {
  test.each(['127.0.0.1', 'localhost'])('AddressFamily says at which address %s is sought', async (address) => {
    const host = varyHost(await startHost(), { address });
    const laptop = await makeLaptop([host]);
    const reach = (family: string) =>
      connect(openTransport(laptop, { kind, ssh: { options: [`AddressFamily=${family}`] } }), 'web1');
    expect((await run(await reach('inet'), 'echo in')).stdout).toBe('in\n');
    // The server listens at 127.0.0.1 alone; not every machine has another localhost.
    expect((await catchError(reach('inet6'))).code).toMatch(/^E_(?:CONNECT_REFUSED|RESOLVE|CONNECT_UNREACHABLE)$/);
  });

  test.each(['127.0.0.1', 'localhost'])('BindAddress says from which address %s is dialled', async (address) => {
    const host = varyHost(await startHost(), { address });
    const transport = openTransport(await makeLaptop([host]), { kind, ssh: { options: ['BindAddress=127.0.0.9'] } });
    const { stdout } = await run(await connect(transport, 'web1'), 'echo "$SSH_CONNECTION"');
    expect(stdout).toMatch(/^127\.0\.0\.9 /);
  });

  describe('ConnectTimeout', () => {
    const flags = ['status', '--transport', kind, '-H'];

    async function openMutes() {
      const origin = await startHost();
      const port = await listen(() => undefined);
      const [slow, quick] = ['slow', 'quick'].map((alias) => varyHost(origin, { alias, port })) as [
        typeof origin,
        typeof origin,
      ];
      const laptop = await addLaptop([slow, quick]);
      await configure(laptop, ['Host quick', '  ConnectTimeout 1', 'Host slow', '  ConnectTimeout 3', 'Host *']);
      return laptop;
    }

    test('of each host counts', async () => {
      const told = await ask(await openMutes(), [...flags, 'slow,quick']);
      expect(codesOf(told)).toEqual(['E_CONNECT_TIMEOUT', 'E_CONNECT_TIMEOUT']);
      const [slow, quick] = told.document.outcomes.map(({ error }) => error?.message);
      expect([slow, quick]).toEqual([expect.stringContaining('within 3 s'), expect.stringContaining('within 1 s')]);
    });

    test('given with -o wins over the file, and --connect-timeout over both', async () => {
      const laptop = await openMutes();
      const messages = async (...more: string[]) =>
        (await ask(laptop, [...flags, 'slow', ...more])).document.outcomes[0]?.error?.message;
      expect(await messages('-o', 'ConnectTimeout=1')).toContain('within 1 s');
      expect(await messages('-o', 'ConnectTimeout=9', '--connect-timeout', '500ms')).toContain('within 0.5 s');
    });
  });
});
