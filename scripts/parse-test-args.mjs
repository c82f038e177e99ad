/**
 * Parses what follows `npm test --`.
 *
 * `--unit` stands for `--project unit`; all else goes to vitest as it is.
 *
 * @param {readonly string[]} args
 * @returns {{ vitestArgs: string[], narrowed: boolean, needsHosts: boolean }} `narrowed`: only some of the tests are asked
 *   for, so nothing else is checked; `needsHosts`: the tests asked for may want more than Node
 */
export function parseTestArgs(args) {
  const vitestArgs = args.flatMap((arg) => (arg === '--unit' ? ['--project', 'unit'] : [arg]));
  const projects = vitestArgs.flatMap((arg, at) => {
    if (arg === '--project') return [vitestArgs[at + 1]];
    return arg.startsWith('--project=') ? [arg.slice('--project='.length)] : [];
  });
  const needsHosts = projects.length === 0 || projects.some((project) => project !== 'unit');
  return { vitestArgs, narrowed: args.length > 0, needsHosts };
}
