const SHARED = 'packages/cli/src/ssh/configuration/shared-answers.ts';
const CLASS = 'packages/cli/src/ssh/configuration/host-class.ts';
const LINES = 'packages/cli/src/ssh/configuration/config-lines.ts';
const STORE = 'packages/cli/src/ssh/host-keys/known-hosts-store.ts';
const REVOKED = 'packages/cli/src/ssh/host-keys/revoked-keys.ts';
const TESTS = 'packages/cli/src/ssh/configuration/shared-answers.test.ts';
const REVOKED_TESTS = 'packages/cli/src/ssh/host-keys/revoked-keys.test.ts';

/** When one answer of ssh may stand for many hosts, and which host keys are never taken. */
export const SSH_CONFIG_MUTANTS = [
  {
    guard: 'an answer counts for others only if ssh has read the files that we have read',
    file: SHARED,
    text: 'isSame(paths, expected.paths) && ',
    instead: '',
    test: `${TESTS} > each host is asked for where only ssh can tell where an ssh reads-another-file`,
  },
  {
    guard: 'an answer counts for others only if ssh has applied the Host lines that we have found',
    file: SHARED,
    text: ' && isSame(applied, expected.applied)',
    instead: '',
    test: `${TESTS} > each host is asked for where only ssh can tell where an ssh applies-other-lines`,
  },
  {
    guard: 'an answer in which the name stands counts for nobody else',
    file: SHARED,
    text: ' && !text.toLowerCase().includes(destination)',
    instead: '',
    test: `${TESTS} > each host is asked for where only ssh can tell where an ssh puts-in-the-name`,
  },
  {
    guard: 'a host that is its own jump host is left to ssh',
    file: SHARED,
    text: ' || isJumpHost(target, answer.raw)',
    instead: '',
    test: `${TESTS} > each host is asked for where only ssh can tell a host that is its own jump host is refused, and no other`,
  },
  {
    guard: 'a name that ssh rewrites is left to ssh',
    file: CLASS,
    text: ' || !(PLAIN_NAME.test(destination) || PLAIN_ADDRESS.test(destination))',
    instead: '',
    test: `${TESTS} > one question is enough for all names but those that ssh rewrites`,
  },
  {
    guard: 'a value that ssh fills with the name is left to ssh',
    file: LINES,
    text: 'usesName: !harmless',
    instead: 'usesName: false',
    test: `${TESTS} > each host is asked for where only ssh can tell known_hosts by a hash of the name`,
  },
  {
    guard: 'the files of RevokedHostKeys are looked at',
    file: STORE,
    text: "...settings.revokedHostKeysFiles.map((path) => loadFile(path, { newest, kind: 'revoked' })),",
    instead: '',
    test: `${REVOKED_TESTS} > a revoked key is refused under every name, although known_hosts lists it`,
  },
  {
    guard: 'a revoked key that cannot be read refuses the host',
    file: REVOKED,
    text: 'if (first === undefined) return entries;',
    instead: 'return entries;',
    test: `${REVOKED_TESTS} > a line that is no key refuses the host, and so does a file that is not there`,
  },
];
