const TEXT = 'packages/cli/src/config/interpolate-text.ts';
const TEXT_TESTS = 'packages/cli/src/config/interpolate-text.test.ts';
const VALUES = 'packages/cli/src/config/interpolate-values.ts';
const VALUES_TESTS = 'packages/cli/src/config/interpolate-values.test.ts';

/** What variables may do in a configuration, and how much of anything is read. */
export const CONFIGURATION_MUTANTS = [
  {
    guard: 'a variable that is not set is refused',
    file: TEXT,
    text: 'if (fallback === undefined && value === undefined) throw refuseUnset(name, env);',
    instead: '',
    test: `${TEXT_TESTS} > refuses "\${GONE}"`,
  },
  {
    guard: 'variables cannot bring more than there is room for',
    file: TEXT,
    text: 'if (length > room) throw refuseLength();',
    instead: '',
    test: `${TEXT_TESTS} > refuses what comes to more than there is room for, before it is put together`,
  },
  {
    guard: 'shell lines keep their variables for the host',
    file: VALUES,
    text: ' || isShellLine(path)',
    instead: '',
    test: `${VALUES_TESTS} > a variable is left to the shell of the host in shell lines, and has no place in keys`,
  },
  {
    guard: 'an error never shows what a variable stands for',
    file: 'packages/cli/src/config/parse-config-file.ts',
    text: 'message: describeHidden(problem, written.text)',
    instead: 'message: problem.message',
    test: `${VALUES_TESTS} > a mistake in apps: { a: { secrets: ["\${SECRET}"] } } shows what is written and not the value`,
  },
  {
    guard: 'a text that is all mistakes is given up early',
    file: 'packages/cli/src/config/compose-yaml.ts',
    text: 'if (first.length >= MOST_MISTAKES) {',
    instead: 'if (false) {',
    test: 'packages/cli/src/config/parse-yaml.test.ts > refuses text that is all mistakes, after the first hundred of them',
  },
  {
    guard: 'what has no end is read up to the limit',
    file: 'packages/cli/src/input/read-bytes.ts',
    text: 'if (length > most) return undefined;',
    instead: 'if (length > 2 ** 28) return undefined;',
    test: 'packages/cli/src/config/read-text-file.test.ts > a stream without end is given up at the limit, and destroyed',
  },
];
