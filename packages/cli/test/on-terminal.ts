import type { Laptop, ProgramResult } from '@outlast/test-fixtures';

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** Builds the argv that runs the program on a terminal of so many columns, by `script` of util-linux. */
export function buildTerminalArgv(laptop: Laptop, args: readonly string[], columns: number): string[] {
  const line = laptop.argvOf(args).map(quote).join(' ');
  return ['script', '-qec', `stty rows 24 cols ${columns}; ${line}`, '/dev/null'];
}

/** Runs the program on a terminal; all that it writes is in `stdout`. */
export function runOnTerminal(laptop: Laptop, args: readonly string[], columns: number): Promise<ProgramResult> {
  return laptop.run(buildTerminalArgv(laptop, args, columns), { env: { TERM: 'xterm-256color' }, timeoutMs: 30_000 });
}

/** Tells why nothing can be run on a terminal here; undefined where it can. */
export async function findMissingTerminal(laptop: Laptop): Promise<string | undefined> {
  const { exitCode } = await laptop.run(['script', '--version']);
  return exitCode === 0 ? undefined : 'no `script` of util-linux; on Debian and Ubuntu: apt-get install bsdutils';
}
