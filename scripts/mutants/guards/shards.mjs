const COMBINE = 'packages/cli/src/commands/combine-exits.ts';
const MERGE = 'packages/cli/src/merge/merge-shards.ts';
const EXITS = 'packages/cli/src/commands/combine-exits.test.ts';
const MERGES = 'packages/cli/src/merge/merge-shards.test.ts';
const RUNS = 'packages/cli/test/embedded/sharding.test.ts';

function exits(verb) {
  return `${EXITS} > the exit code and the document of a run come out of its shards for ${verb}, however its hosts fared`;
}

/** What is merged is what the run without shards would have come to. */
export const SHARD_MUTANTS = [
  {
    guard: 'a shard without hosts says nothing of the whole run',
    file: COMBINE,
    text: '.filter(({ hosts }) => hosts > 0)',
    instead: '',
    test: exits('status'),
  },
  {
    guard: 'an interrupted shard is an interrupted run',
    file: COMBINE,
    text: '  if (shards.some(({ exitCode }) => exitCode === EXIT.interrupted)) return EXIT.interrupted;\n',
    instead: '',
    test: exits('stop'),
  },
  {
    guard: 'an app that runs on one shard runs',
    file: COMBINE,
    text: '  if (areAmong(EXIT.ok, EXIT.notRunning)) return EXIT.ok;\n',
    instead: '',
    test: exits('status'),
  },
  {
    guard: 'what was found by one shard was found',
    file: 'packages/cli/src/commands/find.ts',
    text: 'exit === EXIT.failed && run.ok && found ? EXIT.ok : exit',
    instead: 'exit',
    test: exits('find'),
  },
  {
    guard: 'an app that a shard does not know was not seen to end well',
    file: 'packages/cli/src/commands/wait.ts',
    text: '  if (exit === EXIT.ok && codes.includes(EXIT.notRunning)) return EXIT.failed;\n',
    instead: '',
    test: exits('wait'),
  },
  {
    guard: 'a problem of a laptop whose shard has no hosts is one of the whole run',
    file: 'packages/cli/src/commands/doctor.ts',
    text: 'exit === EXIT.ok && !run.ok ? EXIT.failed : exit',
    instead: 'exit',
    test: exits('doctor'),
  },
  {
    guard: 'the code of the one host that was asked again is passed through',
    file: 'packages/cli/src/commands/exec.ts',
    text: 'return single ? resolveEndExit({ exitCode, signal: signal ?? null }) : exit;',
    instead: 'return exit;',
    test: exits('exec'),
  },
  {
    guard: 'a missing shard is missed',
    file: MERGE,
    text: '[...findTwins(named), ...findMissing(named)]',
    instead: 'findTwins(named)',
    test: `${MERGES} > merging names all shards that are missing, and those that are there twice`,
  },
  {
    guard: 'a host in two shards is refused',
    file: MERGE,
    text: '  throwProblems(findSharedHosts(named));\n',
    instead: '',
    test: `${MERGES} > merging refuses a host that two machines have asked`,
  },
  {
    guard: 'a host that is alone in its shard is not a single one',
    file: 'packages/cli/src/commands/fleet-plan.ts',
    text: 'context.shard === undefined ? hosts.length : chosen.length',
    instead: 'hosts.length',
    test: `${RUNS} > what is merged is the document and the exit code of the run without shards of exec with one host a shard, which is not a single one`,
  },
  {
    guard: 'every shard has a last run of its own',
    file: 'packages/cli/src/fleet/last-run.ts',
    text: '`.${shard.index}-of-${shard.count}`',
    instead: '`.${shard.count}`',
    test: `${RUNS} > --shard comes before --retry-failed, and every shard has a last run of its own`,
  },
];
