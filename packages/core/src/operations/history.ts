import { READ_LOCK_FUNCTIONS } from '../deploy/read-lock.js';
import { IDENTITY_FUNCTIONS } from '../identity/identity.js';
import { buildScript } from '../shell/script.js';
import { raw, sh } from '../shell/template.js';
import { LAYOUT_FUNCTIONS, RECORDED_FUNCTIONS } from '../state/layout.js';
import { formatTime } from '../state/resolve-state.js';
import { decodeText } from '../wire/token.js';
import { type Operation, throwHostErrors } from './operation.js';

/** Which entries are wanted. */
export interface HistoryOptions {
  /** All that were ever deployed where none is named. */
  readonly apps: readonly string[];
  /** So many of each app, the latest. */
  readonly lines: number;
}

/** How a deploy or a rollback ended. */
export type DeployEnd = 'ok' | 'unchanged' | 'failed' | 'interrupted' | 'taken-over';

/** Who did what. */
export interface HistoryEntry {
  /** When it ended, or where nobody knows that, when it began: ISO 8601 in UTC, from the host's clock. */
  readonly at: string | null;
  /** `user@laptop`. */
  readonly by: string | null;
  readonly app: string;
  readonly verb: 'deploy' | 'rollback';
  /** The release that it was about. */
  readonly release: string | null;
  /** `under-way` for one that somebody is at. */
  readonly result: DeployEnd | 'under-way';
  /** What whoever did it gave as `--reason`. */
  readonly reason: string | null;
  /** Code of the first thing that went wrong; null where nothing did, or nobody was there to say it. */
  readonly error: string | null;
}

/** Reads who deployed what to a host and went back from what, with what result; the latest comes last. */
export const history: Operation<HistoryOptions, readonly HistoryEntry[]> = {
  name: 'history',
  mutates: false,
  build: ({ apps, lines }, frame) =>
    buildScript(frame, {
      title: 'history',
      apps,
      functions: [IDENTITY_FUNCTIONS, LAYOUT_FUNCTIONS, RECORDED_FUNCTIONS, READ_LOCK_FUNCTIONS],
      body: sh`
        need awk id ls od tr || return 1
        find_state || return 1
        read_boot
        set -- ${apps}
        ${raw(apps.length > 0 ? ':' : NAME_ALL)}
        for name do
          # A line that a full disk has cut is no entry.
          tail -n ${lines} "$state/deploys/$name/deploys.log" 2>/dev/null | LC_ALL=C awk -v tag="@@$nonce ENTRY $name" '{ print tag, $0 }'
          enter_app "$name"
          if find_deploy; then
            read_lock_release "$lock_path"
            say "ENTRY $name $lock_time $lock_verb $lock_release under-way $lock_by $lock_request $lock_reason"
          elif [ "$lock" -gt 0 ] && [ ! -e "$lock_path.done" ] && read_lock "$lock_path"; then
            # The next one will note it.
            read_lock_release "$lock_path"
            say "ENTRY $name $lock_time $lock_verb $lock_release interrupted $lock_by $lock_request $lock_reason"
          fi
        done
      `,
    }),
  parse: (reply, { lines }) => {
    throwHostErrors(reply);
    const entries = reply.records.flatMap(({ kind, fields }) => (kind === 'ENTRY' ? parseEntry(fields) : []));
    const apps = [...new Set(entries.map(({ app }) => app))];
    const latest = apps.flatMap((name) => entries.filter(({ app }) => app === name).slice(-lines));
    return latest.sort((a, b) => (a.at ?? '').localeCompare(b.at ?? ''));
  },
};

const NAME_ALL = sh`
  for folder in "$state"/deploys/*/; do
    [ -d "$folder" ] || continue
    folder=\${folder%/}
    set -- "$@" "\${folder##*/}"
  done`;

const RESULTS: readonly HistoryEntry['result'][] = [
  'ok',
  'unchanged',
  'failed',
  'interrupted',
  'taken-over',
  'under-way',
];
const VERBS = ['deploy', 'rollback'] as const;

function parseEntry(fields: readonly string[]): HistoryEntry[] {
  const [app = '', time, verbWord, release, resultWord, by, , reason, code] = fields;
  const verb = VERBS.find((known) => known === verbWord);
  const result = RESULTS.find((known) => known === resultWord);
  const name = decodeText(by);
  if (verb === undefined || result === undefined || name === null) return [];
  return [
    {
      at: formatTime(Number(time) || null),
      by: name,
      app,
      verb,
      release: release === '-' ? null : (release ?? null),
      result,
      reason: decodeText(reason),
      error: code !== undefined && /^E_[A-Z_]+$/.test(code) ? code : null,
    },
  ];
}
