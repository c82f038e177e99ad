import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { findFreePort } from '@outlast/test-fixtures';
import { describe, expect, type TestContext, test } from 'vitest';
import { useLab } from '../program-lab.js';
import { connect, openTransport } from './connection-lab.js';
import { buildCaseKeys, KNOWN_HOSTS_CASES, type Verdict } from './known-hosts-cases.js';

const port = await findFreePort();
// The key exchange that ssh prefers takes it 0.1 s of processor time.
const kex = 'KexAlgorithms curve25519-sha256';
const config = [`ListenAddress [::1]:${port}`, kex];
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

/** The files of a case and the options that go with them. */
interface Question {
  readonly files: readonly string[];
  readonly options: readonly string[];
}

/** Writes the files of a case for one of the two, and returns the options that name them. */
async function prepare({ files, options }: Question, whose = 'ours') {
  const first = `${lab.laptop.knownHosts}-${whose}`;
  const paths = [first, `${first}2`, `${first}-of-all`] as const;
  await Promise.all(paths.map((path, index) => writeFile(path, `${files[index] ?? ''}\n`)));
  return {
    first,
    options: [...options, `UserKnownHostsFile=${first} ${paths[1]}`, `GlobalKnownHostsFile=${paths[2]}`],
  };
}

async function runSsh(options: readonly string[], strictness: 'yes' | 'accept-new') {
  const all = [...options, `StrictHostKeyChecking=${strictness}`, 'BatchMode=yes', 'UpdateHostKeys=no'];
  const argv = ['ssh', '-F', lab.laptop.sshConfig, ...all.flatMap((one) => ['-o', one]), 'web1', 'true'];
  return lab.laptop.run(argv, { env: { LC_ALL: 'C' } });
}

/** What ssh takes the key for. It tells by what it does: it lets in, files what is new before that, or does neither. */
async function askSsh(question: Question): Promise<Verdict> {
  const { first, options } = await prepare(question, 'of-ssh');
  const before = await readFile(first, 'utf8');
  const { exitCode, stderr } = await runSsh(options, 'accept-new');
  if (exitCode === 0) return (await readFile(first, 'utf8')) === before ? 'known' : 'unknown';
  return stderr.includes('REVOKED HOST KEY') ? 'revoked' : 'changed';
}

async function askOurs(question: Question): Promise<Verdict> {
  const { options } = await prepare(question);
  const transport = openTransport(lab.laptop, { ssh: { options: [...options, 'StrictHostKeyChecking=yes'] } });
  return connect(transport, 'web1').then(
    () => 'known',
    (error: { code: string }) => VERDICTS[error.code] ?? Promise.reject(error),
  );
}

describe('a host key is judged as ssh judges it', () => {
  test.for(KNOWN_HOSTS_CASES.map((one) => [one.name, one] as const))('%s', async ([, one], context) => {
    needIpv6(context, one.options);
    const question = { files: one.files(buildCaseKeys(lab.host())), options: one.options };
    const [ours, ssh] = await Promise.all([askOurs(question), askSsh(question)]);
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
    const { first, options } = await prepare({ files: ['web2 ssh-ed25519 broken'], options: given });
    const transport = openTransport(lab.laptop, { ssh: { options: [...options, 'StrictHostKeyChecking=accept-new'] } });
    await connect(transport, 'web1');
    expect((await runSsh(options, 'yes')).exitCode).toBe(0);
    const text = await readFile(first, 'utf8');
    expect(text.trimEnd().split('\n')).toHaveLength(2);
    expect(text.includes('|1|')).toBe(given.includes('HashKnownHosts=yes') || given.includes('HostKeyAlias=*'));
  });
});
