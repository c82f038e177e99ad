import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { findFreePort } from '@outlast/test-fixtures';
import { describe, expect, type TestContext, test } from 'vitest';
import { useLab } from '../program-lab.js';
import { connect, openTransport } from './connection-lab.js';
import { buildCaseKeys, KNOWN_HOSTS_CASES, type KnownHostsCase, type Verdict } from './known-hosts-cases.js';

const port = await findFreePort();
const config = [`ListenAddress [::1]:${port}`];
const lab = useLab(['web1'], { sshd: { port, config, hostKeyTypes: ['ed25519', 'ecdsa'] } });

const VERDICTS: Readonly<Record<string, Verdict>> = {
  E_HOST_KEY_UNKNOWN: 'unknown',
  E_HOST_KEY_CHANGED: 'changed',
  E_HOST_KEY_REVOKED: 'revoked',
};

function needIpv6(context: TestContext, options: readonly string[]): void {
  const here = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  if (!here && options.some((option) => option.endsWith(':1')))
    context.skip('no ::1 on this machine; enable IPv6 on lo');
}

/** Writes the files of a case and returns the options that name them. */
async function prepare({ files, options }: Pick<KnownHostsCase, 'files' | 'options'>): Promise<string[]> {
  const { knownHosts } = lab.laptop;
  const [first = '', second = '', everybody = ''] = files(buildCaseKeys(lab.host()));
  const paths = [knownHosts, `${knownHosts}2`, `${knownHosts}-of-all`] as const;
  for (const [index, text] of [first, second, everybody].entries()) await writeFile(paths[index] ?? '', `${text}\n`);
  return [...options, `UserKnownHostsFile=${paths[0]} ${paths[1]}`, `GlobalKnownHostsFile=${paths[2]}`];
}

async function runSsh(options: readonly string[], strictness: 'yes' | 'accept-new') {
  const flags = [...options, `StrictHostKeyChecking=${strictness}`, 'BatchMode=yes'].flatMap((one) => ['-o', one]);
  return lab.laptop.run(['ssh', '-F', lab.laptop.sshConfig, ...flags, 'web1', 'true'], { env: { LC_ALL: 'C' } });
}

/** What we and ssh take the key for. ssh tells by what it does: it lets in, it would let in what is new, or neither. */
async function askBoth(options: readonly string[]): Promise<{ ours: Verdict; ssh: Verdict }> {
  const [ours, strict] = await Promise.all([askOurs(options), runSsh(options, 'yes')]);
  if (strict.exitCode === 0) return { ours, ssh: 'known' };
  const { exitCode, stderr } = await runSsh(options, 'accept-new');
  if (exitCode === 0) return { ours, ssh: 'unknown' };
  return { ours, ssh: stderr.includes('REVOKED HOST KEY') ? 'revoked' : 'changed' };
}

async function askOurs(options: readonly string[]): Promise<Verdict> {
  const transport = openTransport(lab.laptop, { ssh: { options: [...options, 'StrictHostKeyChecking=yes'] } });
  return connect(transport, 'web1').then(
    () => 'known',
    (error: { code: string }) => VERDICTS[error.code] ?? Promise.reject(error),
  );
}

describe('a host key is judged as ssh judges it', () => {
  test.for(KNOWN_HOSTS_CASES.map((one) => [one.name, one] as const))('%s', async ([, one], context) => {
    needIpv6(context, one.options);
    const { ours, ssh } = await askBoth(await prepare(one));
    expect(ours).toBe(one.ours);
    // Where we are stricter, a later ssh may be so, too.
    expect([one.ssh, one.ours]).toContain(ssh);
  });
});

describe('a key that we have filed is known to ssh', () => {
  test.for<[string, string[]]>([
    ['an address and port', []],
    ['IPv6', ['HostName=::1']],
    ['IPv6, hashed', ['HostName=::1', 'HashKnownHosts=yes']],
    ['a name in upper case, hashed', ['HostName=LocalHost', 'HashKnownHosts=yes']],
    ['an alias beyond ASCII', ['HostKeyAlias=BÜCHER-Bücher']],
    ['an alias that looks like a pattern', ['HostKeyAlias=*']],
  ])('under %s', async ([_what, given], context) => {
    needIpv6(context, given);
    const options = await prepare({ files: () => ['web2 ssh-ed25519 broken', '', ''], options: given });
    const transport = openTransport(lab.laptop, { ssh: { options: [...options, 'StrictHostKeyChecking=accept-new'] } });
    await connect(transport, 'web1');
    expect((await runSsh(options, 'yes')).exitCode).toBe(0);
    const text = await readFile(lab.laptop.knownHosts, 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    expect(text.includes('|1|')).toBe(given.includes('HashKnownHosts=yes') || given.includes('HostKeyAlias=*'));
  });
});
