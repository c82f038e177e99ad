import { raw, sh } from '../shell/template.js';
import { buildExports } from './exports.js';

/** Shorter secrets would also mask what is none. */
const LEAST_MASKED = 4;

/**
 * Shell functions that hide the values of secrets: `mask_secrets`, of those that this script was given, which is `mask_given`, and of those that
 * the runs of the app have, since an earlier one may write to the same log, or be started again with what was recorded.
 */
export const MASK_FUNCTIONS = sh`
  # mask_secrets: line by line.
  mask_secrets() { mask_given | mask_by "$app_dir"/run.*.secrets; }

  # mask_by FILE...: of what these export.
  mask_by() {
    if [ $# = 0 ]; then cat; return; fi
    mask_file=$1
    shift
    if [ ! -s "$mask_file" ]; then mask_by "$@"; return; fi
    # A line within a value may look like another variable, which does no harm.
    (
      set -- "$(sed -n 's/^export \([A-Za-z_][A-Za-z_0-9]*\)=.*/\1/p' "$mask_file" | tr '\n' ' ')"
      . "$mask_file"
      hide_values "$1"
    ) | mask_by "$@"
  }

  # hide_values NAMES: awk gets them in its environment, which nobody else can read.
  hide_values() {
    LC_ALL=C awk -v names="$1" '
      function hide(line, secret,   at, out) {
        out = ""
        while ((at = index(line, secret)) > 0) { out = out substr(line, 1, at - 1) "********"; line = substr(line, at + length(secret)) }
        return out line
      }
      BEGIN {
        count = split(names, name, " ")
        for (i = 1; i <= count; i++) {
          lines = split(ENVIRON[name[i]], line, "\n")
          for (j = 1; j <= lines; j++) { sub(/\r$/, "", line[j]); if (length(line[j]) >= ${LEAST_MASKED}) secret[++secrets] = line[j] }
        }
        # The longest first: one may be the beginning of another.
        for (i = 2; i <= secrets; i++)
          for (j = i; j > 1 && length(secret[j]) > length(secret[j - 1]); j--) { swap = secret[j]; secret[j] = secret[j - 1]; secret[j - 1] = swap }
      }
      { for (i = 1; i <= secrets; i++) $0 = hide($0, secret[i]); print; fflush() }'
  }
`;

/** The shell function `mask_given`. */
export function buildMaskFunction(secretEnv: Readonly<Record<string, string>>): string {
  const names = Object.keys(secretEnv);
  if (names.length === 0) return 'mask_given() { cat; }';
  return sh`
  mask_given() (
    ${raw(buildExports({ env: {}, secretEnv }))}
    hide_values ${names.join(' ')}
  )`;
}
