import { raw, sh } from '../shell/template.js';
import { buildExports } from './exports.js';

/** Shorter secrets would also mask what is none. */
const LEAST_MASKED = 4;

/** The shell function `mask_secrets`, which hides the values of secrets in what goes through it. */
export function buildMaskFunction(secretEnv: Readonly<Record<string, string>>): string {
  if (Object.keys(secretEnv).length === 0) return 'mask_secrets() { cat; }';
  return sh`
  # mask_secrets: line by line; awk gets them in its environment, which nobody else can read.
  mask_secrets() (
    ${raw(buildExports({ env: {}, secretEnv }))}
    LC_ALL=C awk -v names=${Object.keys(secretEnv).join(' ')} '
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
  )`;
}
