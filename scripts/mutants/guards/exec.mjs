const SINKS = 'packages/cli/src/commands/exec-sinks.ts';
const PREFIX = 'packages/cli/src/output/log-prefix.ts';
const GATHERED = 'packages/cli/src/output/gathered-outputs.ts';
const SLOW = 'packages/cli/test/sshd/slow-reader.test.ts';
const PREFIX_TEST = 'packages/cli/src/output/log-prefix.test.ts';
const GATHERED_TEST = 'packages/cli/src/output/gathered-outputs.test.ts';

/** What hosts print arrives whole, and takes no more room than there is. */
export const EXEC_MUTANTS = [
  {
    guard: 'a program waits for whoever reads its output',
    file: SINKS,
    text: 'stdout: (chunk) => output.bytes(stdout.push(source, chunk)),',
    instead: 'stdout: (chunk) => void output.bytes(stdout.push(source, chunk)),',
    test: `${SLOW} > a reader that stops makes the programs on all hosts wait, and the memory stay as it is`,
  },
  {
    guard: 'a line without an end is not held back for ever',
    file: PREFIX,
    text: 'pending.held.length < lineLimit && total <= totalLimit',
    instead: 'total <= totalLimit',
    test: `${PREFIX_TEST} > a line without an end is written in pieces, so that memory stays flat`,
  },
  {
    guard: 'what is held back of all lines together has a limit',
    file: PREFIX,
    text: 'pending.held.length < lineLimit && total <= totalLimit',
    instead: 'pending.held.length < lineLimit',
    test: `${PREFIX_TEST} > a line without an end is written in smaller pieces where many sources hold such lines`,
  },
  {
    guard: 'equal outputs take room once',
    file: GATHERED,
    text: 'if (distinct.has(key)) room.release(bytes.length);',
    instead: 'if (distinct.has(key)) return;',
    test: `${GATHERED_TEST} > gathered outputs take room once, however many hosts print the same`,
  },
  {
    guard: 'gathered outputs have a limit',
    file: GATHERED,
    text: 'if (kept + bytes > limit) throw createError(limit);',
    instead: 'if (bytes > limit) throw createError(limit);',
    test: `${GATHERED_TEST} > gathered outputs take room once, however many hosts print the same`,
  },
];
