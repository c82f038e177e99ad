const TREE = 'packages/core/src/tree/tree.ts';
const IDENTITY_TESTS = 'packages/core/test/embedded/identity.test.ts';
const TESTS = 'packages/core/test/embedded/tree.test.ts';
const STOP_TESTS = 'packages/core/test/embedded/stop-tree.test.ts';

/** Which processes belong to an app, and who of them gets a signal. */
export const TREE_MUTANTS = [
  {
    guard: 'each member is checked in the moment of the signal',
    file: TREE,
    text: 'is_alive "\\${member%%:*}" "\\${member#*:}" "$boot" || continue',
    instead: 'read_process "\\${member%%:*}" || continue',
    test: `${IDENTITY_TESTS} > a group whose number went to strangers is not signalled`,
  },
  {
    guard: 'a group is signalled only while one of ours is in it',
    file: TREE,
    text: 'if [ "$process_group" = "$group" ]; then signal_group "$1"; fi',
    instead: 'signal_group "$1"',
    test: `${IDENTITY_TESTS} > a group whose number went to strangers is not signalled`,
  },
  {
    guard: 'a group below 2 is never signalled',
    file: TREE,
    text: '[ "$group" -gt 1 ] && [ -z "$signalled_group" ] || return 0',
    instead: '[ -z "$signalled_group" ] || return 0',
    test: `${TESTS} > the groups 0 and 1 are never signalled`,
  },
  {
    guard: 'a group is signalled once',
    file: TREE,
    text: '[ "$group" -gt 1 ] && [ -z "$signalled_group" ] || return 0',
    instead: '[ "$group" -gt 1 ] || return 0',
    test: `${TESTS} > a group gets a signal once, and a member outside of it its own`,
  },
  {
    guard: 'who got it with the group does not get it again',
    file: TREE,
    text: '[ "$process_group" = "$signalled_group" ] || send_signal',
    instead: 'send_signal',
    test: `${TESTS} > a group gets a signal once, and a member outside of it its own`,
  },
  {
    guard: 'the root of a tree is a number above 1',
    file: TREE,
    text: "'' | 0 | 1 | *[!0-9]*) return 0 ;;",
    instead: "'') return 0 ;;",
    test: `${TESTS} > a record that names the process 1 makes no tree of it`,
  },
  {
    guard: 'nothing is the tree of a pid below 2',
    file: TREE,
    text: 'if (root <= 1) return 0',
    instead: 'if (root <= 1) return 1',
    test: `${TESTS} > the tree of no pid is empty`,
  },
  {
    guard: 'the process 1 is no member of any tree',
    file: TREE,
    text: 'if ((pid in start) && pid > 1)',
    instead: 'if (pid in start)',
    test: `${TESTS} > the process 1 is no member, whatever was seen`,
  },
  {
    guard: 'the root of a tree is of this boot',
    file: TREE,
    text: '[ "$3" = "$boot" ] || return 0',
    instead: '',
    test: `${IDENTITY_TESTS} > a process with the pid of the app and another boot is left alone`,
  },
  {
    guard: 'a stranger with the pid of the app is not the root of its tree',
    file: TREE,
    text: 'if ! read_process "$1" || [ "$process_start" = "$2" ]; then root=$1 root_start=$2; fi',
    instead: 'root=$1 root_start=$2',
    // The list of processes compares them once more.
    also: { text: 'return (start[root] "") == (root_start "")', instead: 'return 1' },
    test: `${IDENTITY_TESTS} > a process with the pid of the app and another start time is left alone`,
  },
  {
    guard: 'a zombie is no member',
    file: TREE,
    text: 'if (state[pid] ~ /[ZX]/) { delete hit[pid]; delete start[pid]; continue }',
    instead: '',
    test: `${IDENTITY_TESTS} > a zombie is gone to whoever signals, looks or counts`,
  },
  {
    guard: 'a list of processes without this script is not whole',
    file: TREE,
    text: 'if (!(script in start)) exit 1',
    instead: '',
    test: `${TESTS} > where processes cannot be read, a stop and an rm do nothing`,
  },
  {
    guard: 'a list of processes that broke off is not whole',
    file: TREE,
    text: '*) return 1 ;;\n    esac\n    for member',
    instead: '*) ;;\n    esac\n    for member',
    test: 'packages/core/test/embedded/half-failures.test.ts > a list of processes that could not be made is no proof that nothing is there',
  },
  {
    guard: 'the mark in the environment makes a member',
    file: TREE,
    text: 'marked="$marked \\${environ%/environ}"',
    instead: ':',
    test: `${STOP_TESTS} > children in sessions of their own, double forks and orphans are stopped with the app`,
  },
  {
    guard: 'a descendant is a member',
    file: TREE,
    text: '{ hit[pid] = 1; grown = 1 }',
    instead: '{ grown = 0 }',
    test: `${TESTS} > a child without the mark in a session of its own is a member by its parent`,
  },
  {
    guard: 'who is in the session is a member',
    file: TREE,
    text: ' || session[pid] == root)) hit[pid] = 1',
    instead: ')) hit[pid] = 1',
    test: `${TESTS} > an orphan without the mark in a group of its own is a member by its session`,
  },
  {
    guard: 'who was seen before is still a member',
    file: TREE,
    text: 'if ((pid ":" start[pid]) in known) hit[pid] = 1',
    instead: '',
    test: `${TESTS} > a child that has lost everything but its life while it is stopped is still known`,
  },
];
