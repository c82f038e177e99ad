import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { REMOVE_FUNCTIONS } from '../lifecycle/remove-app.js';
import { buildScript } from '../shell/script.js';
import { sh } from '../shell/template.js';
import { TREE_FUNCTIONS } from '../tree/tree.js';
import type { Reply } from '../wire/reply.js';
import { type AppResult, buildAppResults, CHANGE_FUNCTIONS, type Operation, throwHostErrors } from './operation.js';

/** What is forgotten. */
export interface PruneOptions {
  /** Apps whose end is at least this long ago, by the host's own clock. */
  readonly olderThanSeconds: number;
  /** Tells what would go, and lets it stand. */
  readonly dryRun: boolean;
}

/** Why an app that does not run was left alone, although it may be old: its end has no date, or is not all of it. */
export type KeptReason = 'undated' | 'processes-left' | 'damaged';

/** What became of the apps of one host; of those that live or ended lately nothing is said. */
export interface PruneResult {
  /** As they were before; `changed` where they are gone now. */
  readonly results: readonly AppResult[];
  readonly kept: readonly { readonly app: string; readonly reason: KeptReason }[];
}

/**
 * Forgets apps that ended long ago, with their logs, each as `rm` does it.
 *
 * Never one of which something lives, and none whose end is not dated: an app that is `lost` may have ended a moment ago. One that was
 * there before the host restarted ended at that time at the latest.
 */
export const prune: Operation<PruneOptions, PruneResult> = {
  name: 'prune',
  mutates: true,
  build: ({ olderThanSeconds, dryRun }, frame) =>
    buildScript(frame, {
      title: dryRun ? 'prune, only told' : 'prune',
      functions: [...CHANGE_FUNCTIONS, TREE_FUNCTIONS, READ_LOCK_FUNCTIONS, REMOVE_FUNCTIONS, PRUNE_FUNCTIONS],
      body: sh`
        age=${olderThanSeconds} dry_run=${dryRun ? 'yes' : 'no'}
        need awk cat grep id ln ls mv od rm sleep tr || return 1
        find_state || return 1
        read_boot
        clock_now=$(now)
        [ "$clock_now" -gt 0 ] || { fail E_UNSUPPORTED_HOST - 'no clock (date +%s), so nothing has an age'; return 1; }
        list_apps
        report $apps
        for name in $apps; do prune_app "$name"; done
        return 0
      `,
    }),
  parse: parsePruned,
};

const PRUNE_FUNCTIONS = sh`
  # prune_app NAME: says what became of it: removed, would, live, recent, undated, processes-left or damaged.
  prune_app() {
    enter_app "$1"
    if is_taken; then say "PRUNED $app live"; return 0; fi
    leading_run
    judge_run
    if [ "$run" = 0 ] || [ "$phase" = abandoned ] || ! check_records >/dev/null; then say "PRUNED $app damaged"; return 0; fi
    [ "$phase" = ended ] || { say "PRUNED $app live"; return 0; }
    read_end
    case $ended_at in
    0) say "PRUNED $app undated"; return 0 ;;
    '' | *[!0-9]* | ???????????*) say "PRUNED $app damaged"; return 0 ;;
    esac
    # An end in the future tells of a clock that was wrong.
    [ $((clock_now - ended_at)) -ge "$age" ] || { say "PRUNED $app recent"; return 0; }
    read_tree
    if ! list_members "$root" "$mark" || [ -n "$members" ]; then say "PRUNED $app processes-left"; return 0; fi
    if [ "$dry_run" = yes ]; then say "PRUNED $app would"; return 0; fi
    remove_app "$app" "$run" && forget_debt && say "PRUNED $app removed"
  }

  # read_end: sets ended_at to the time of the end in seconds since the epoch, 0 where nobody knows it.
  read_end() {
    set -f
    if read_record "$record_path.exit"; then
      set -- $record
      ended_at=\${3-}
    elif read_record "$record_path.stopped"; then
      set -- $record
      # On a full disk a link to the record of the stop, or of the claim, stands here.
      case $1:\${4-} in
      term:* | kill:*) ended_at=\${2-} ;;
      *:*[!0-9]*) ended_at=\${5-} ;;
      *) ended_at=\${4-} ;;
      esac
    elif read_record "$record_path.pid"; then
      set -- $record
      if is_aborted; then
        # It never ran: what there is is the time of the try.
        read_record "$record_path"
        set -- $record
        ended_at=\${5-}
      elif [ $# -ge 3 ] && [ "$3" != "$boot" ]; then
        ended_at=$(awk '/^btime / { print $2; exit }' /proc/stat 2>/dev/null)
      else
        ended_at=0
      fi
    else
      ended_at=
    fi
    set +f
  }
`;

const KEPT: readonly string[] = ['undated', 'processes-left', 'damaged'] satisfies readonly KeptReason[];

function parsePruned(reply: Reply): PruneResult {
  throwHostErrors(reply);
  const answers = new Map<string, string>();
  for (const { kind, fields } of reply.records) if (kind === 'PRUNED') answers.set(fields[0] ?? '', fields[1] ?? '');
  const results = buildAppResults(reply, 'PRUNED', (_result, answer) => ({ changed: answer === 'removed' }));
  return {
    results: results.filter(({ report, error }) => {
      const answer = answers.get(report.app);
      return error !== undefined || answer === 'removed' || answer === 'would';
    }),
    kept: [...answers].flatMap(([app, reason]) => (isKept(reason) ? [{ app, reason }] : [])),
  };
}

function isKept(reason: string): reason is KeptReason {
  return KEPT.includes(reason);
}
