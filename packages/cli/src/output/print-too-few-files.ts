/** Says that the program, of which each verb is a part that is loaded when it is needed, may not open so many files; any other error is thrown on. Loads nothing else. */
export function printTooFewFiles(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EMFILE') throw error;
  process.stderr.write('error: too few files may be open here for outlast\n  → ulimit -n 256\n');
}
