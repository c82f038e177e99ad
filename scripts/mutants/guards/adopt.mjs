const ADOPT = 'packages/core/src/lifecycle/adopt-app.ts';
const TESTS = 'packages/core/test/embedded/adopt.test.ts';
const NOT = `${TESTS} > not adopted is`;

/** What runs already becomes an app only where that is certain and safe. */
export const ADOPT_MUTANTS = [
  {
    guard: 'what the connection hangs on is not adopted',
    file: ADOPT,
    text: 'case $lineage in *" $target "*) refuse_target',
    instead: 'case $lineage in *none*) refuse_target',
    test: `${NOT} what the connection hangs on`,
  },
  {
    guard: 'a zombie is not adopted',
    file: ADOPT,
    text: "Z | X) refuse_target 'has ended",
    instead: "none) refuse_target 'has ended",
    test: `${NOT} a zombie`,
  },
  {
    guard: 'what was found is adopted, and nothing that has its pid since',
    file: ADOPT,
    text: 'if [ "$wanted" != - ] && [ "$wanted" != "$target_start" ]; then',
    instead: 'if false; then',
    test: `${NOT} what has another start time than the one that was found`,
  },
  {
    guard: 'a process has one app',
    file: ADOPT,
    text: 'examine_target && find_owner || return 1',
    instead: 'examine_target || return 1',
    also: { text: 'find_owner || return 1\n    if ! { write_environment', instead: 'if ! { write_environment' },
    test: `${NOT} what another app has: itself, its child, its supervisor, what it left behind, what holds it`,
  },
  {
    guard: 'who adopts says so before it looks whose the process is',
    file: ADOPT,
    text: 'if is_recorded_alive "$record_path.adopting" && [ "$recorded_pid" = "$target" ] && is_recorded_alive "$record_path"; then return 0; fi',
    instead: ':',
    test: `${TESTS} > of many at once, under one name and under many, one gets the process`,
  },
  {
    guard: 'what has ended meanwhile is not adopted',
    file: ADOPT,
    text: 'is_alive "$target" "$target_start" "$boot" || { fail',
    instead: 'is_alive "$target" "$target_start" "$boot" || : || { fail',
    test: `${NOT} what ends before it is recorded`,
  },
  {
    guard: 'neither group nor session makes the tree of what was adopted',
    file: 'packages/core/src/tree/tree.ts',
    text: 'if [ "\\${6-}" = adopted ]; then seen=$1:$2; return 0; fi',
    instead: ':',
    test: `${TESTS} > a process that shares its group and its session with innocents is the leader of them all: those whose parent it is not any more are still not its own`,
  },
];
