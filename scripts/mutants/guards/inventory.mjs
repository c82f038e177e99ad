const ANSIBLE = 'packages/cli/src/inventory/ansible';
const LOAD = `${ANSIBLE}/load-inventories.test.ts`;
const RUN = `${ANSIBLE}/run-program.test.ts`;
const ORACLE = 'packages/cli/test/embedded/ansible-oracle.test.ts > random inventories,';

/** What an inventory may do, and what it must not do silently. */
export const INVENTORY_MUTANTS = [
  {
    guard: 'a text with the executable bit is not run as an inventory program',
    file: `${ANSIBLE}/find-sources.ts`,
    text: "PROGRAM_STARTS.some((magic) => start.toString('hex').startsWith(magic))",
    instead: 'start.length > 0',
    test: `${LOAD} > an inventory program is no program where it is a text that only has the executable bit`,
  },
  {
    guard: 'an inventory program ends with its children',
    file: `${ANSIBLE}/run-program.ts`,
    text: 'process.kill(-pid',
    instead: 'process.kill(pid',
    test: `${RUN} > one that takes too long ends with its children`,
  },
  {
    guard: 'an inventory program has a minute',
    file: `${ANSIBLE}/run-program.ts`,
    text: 'late.abort(refuse(',
    instead: 'void (refuse(',
    test: `${RUN} > one that takes too long ends with its children`,
  },
  {
    guard: 'an inventory program prints no more than there is room for',
    file: `${ANSIBLE}/run-program.ts`,
    text: 'readBytes(child.stdout, mostBytes)',
    instead: 'readBytes(child.stdout, Number.POSITIVE_INFINITY)',
    test: `${RUN} > one that prints more than there is room for is stopped`,
  },
  {
    guard: 'a template is not taken for a value',
    file: `${ANSIBLE}/followed-variables.ts`,
    text: 'if (/\\{\\{|\\{%|\\{#/.test(value)) {',
    instead: "if (value === '') {",
    test: `${LOAD} > variables with a template take a host out, and no other`,
  },
  {
    guard: 'a host of which an inventory says what cannot be done is not used',
    file: 'packages/cli/src/inventory/select-hosts.ts',
    text: 'throwProblems(left.flatMap(({ problems = [] }) => problems));',
    instead: '',
    test: `${LOAD} > variables with a port that is none take a host out, and no other`,
  },
  {
    guard: 'aliases of an inventory do not explode',
    file: `${ANSIBLE}/parse-yaml-inventory.ts`,
    text: 'if (++this.#read > MOST_GROUPS_READ) {',
    instead: 'if (++this.#read > 100 * MOST_GROUPS_READ) {',
    test: `${LOAD} > an inventory in YAML with aliases that explode is refused`,
  },
  {
    guard: 'groups of an inventory do not contain themselves',
    file: `${ANSIBLE}/settle-groups.ts`,
    text: '  reportCycles(draft);',
    instead: '',
    test: `${LOAD} > an inventory in INI with a group in itself is refused`,
  },
  {
    guard: 'of the groups of a host the deeper one counts more',
    file: `${ANSIBLE}/settle-groups.ts`,
    text: 'depthOf(a) - depthOf(b) ||',
    instead: '0 * (depthOf(a) - depthOf(b)) ||',
    test: `${ORACLE} in YAML, come out as in Ansible`,
  },
  {
    guard: 'of groups at the same depth the priority counts',
    file: `${ANSIBLE}/settle-groups.ts`,
    text: 'a.priority - b.priority ||',
    instead: '',
    test: `${LOAD} > variables of groups at one depth count by priority, then by name`,
  },
  {
    guard: 'hosts with key files of their own share no answer of ssh',
    file: 'packages/cli/src/ssh/configuration/host-class.ts',
    text: '[target.user, target.port, target.identityFiles, options,',
    instead: '[target.user, target.port, options,',
    test: 'packages/cli/src/ssh/configuration/shared-answers.test.ts > each host is asked for where only ssh can tell hosts with key files of their own share no answer',
  },
];
