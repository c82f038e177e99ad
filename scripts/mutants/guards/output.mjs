const OUTPUT = 'packages/cli/src/output';

/** What people are told is true of each host, fits, and cannot act on the terminal. */
export const OUTPUT_MUTANTS = [
  {
    guard: 'equal errors of hosts with other names are one',
    file: `${OUTPUT}/group-errors.ts`,
    text: 'keyOf(hidePort(hideNames(error)))',
    instead: 'keyOf(error)',
    test: `${OUTPUT}/group-errors.test.ts > equal errors of several hosts are one, whatever each host is called and wherever it is`,
  },
  {
    guard: 'a name is hidden as a whole word alone',
    file: `${OUTPUT}/group-errors.ts`,
    text: '(?![\\\\w-]|[.:]\\\\w)',
    instead: '',
    test: `${OUTPUT}/group-errors.test.ts > errors are not equal where a name is only part of another word`,
  },
  {
    guard: 'a value of --format is escaped',
    file: `${OUTPUT}/rows.ts`,
    text: "return escapeCell(typeof value === 'object' ? JSON.stringify(value) : String(value));",
    instead: "return typeof value === 'object' ? JSON.stringify(value) : String(value);",
    test: `${OUTPUT}/row-template.test.ts > a line cannot be broken or act on the terminal by what a host says`,
  },
  {
    guard: 'a field that the verb does not have is refused',
    file: `${OUTPUT}/row-template.ts`,
    text: 'if (known.includes(name)) return name;\n  throw',
    instead: 'if (known.length > 0) return name;\n  throw',
    test: `${OUTPUT}/row-template.test.ts > refused before anything is sent is a field that the verb does not have, with the one that was probably meant`,
  },
  {
    guard: 'what nobody knows is sorted last, downwards too',
    file: `${OUTPUT}/row-order.ts`,
    text: 'return a === null ? 1 : -1;',
    instead: 'return (a === null) !== descending ? 1 : -1;',
    test: `${OUTPUT}/row-order.test.ts > rows are sorted downwards with a dash, what nobody knows still last`,
  },
  {
    guard: 'the line of progress is no wider than the terminal',
    file: `${OUTPUT}/progress-line.ts`,
    text: 'choices.find((line) => measure(line) <= limit)',
    instead: 'choices[0]',
    test: `${OUTPUT}/progress-line.test.ts > the line of progress cannot be made longer or act on the terminal by a name`,
  },
  {
    guard: 'a host that was not begun is skipped, not unreachable',
    file: 'packages/cli/src/fleet/outcome.ts',
    text: "if (error?.code === 'E_SKIPPED') return 'skipped';",
    instead: '',
    test: `${OUTPUT}/format-summary.test.ts > every host counts as one of five`,
  },
  {
    guard: 'a secret is asked for once the terminal shows nothing of it',
    file: `${OUTPUT}/prompt.ts`,
    text: '  const terminal = createInterface({ input, output: shown, terminal: true, historySize: 0, prompt });',
    instead:
      '  if (!echo) stream.write(prompt);\n  const terminal = createInterface({ input, output: shown, terminal: true, historySize: 0, prompt });',
    test: `${OUTPUT}/prompt.test.ts > a question is not asked for a secret before the terminal has stopped to show what is typed`,
  },
];
