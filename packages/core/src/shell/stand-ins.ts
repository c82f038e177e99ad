import { sh } from './template.js';

/**
 * Shell functions in the place of programs that a host lacks: `tail`, in the two forms that our scripts use. A byte to begin with is
 * at most a block away, so it costs little to get there one by one.
 */
export const STAND_IN_FUNCTIONS = sh`
  if ! command -v tail >/dev/null 2>&1; then
    # tail -n COUNT [FILE], tail -c +FIRST
    tail() {
      if [ -n "\${3-}" ]; then
        tail "$1" "$2" <"$3"
      elif [ "$1" = -c ]; then
        [ "$2" = +1 ] || dd of=/dev/null bs=1 count=$((\${2#+} - 1)) 2>/dev/null
        cat
      else
        LC_ALL=C awk -v count="$2" '{ line[NR % count] = $0 } END { for (i = (NR > count) ? NR - count + 1 : 1; i <= NR; i++) print line[i % count] }'
      fi
    }
  fi
`;

/** A shell line: what a login has set may not change in which words and units programs answer our scripts. */
export const PLAIN_OUTPUT =
  'unset BLOCK_SIZE LS_BLOCK_SIZE BLOCKSIZE QUOTING_STYLE TIME_STYLE GREP_OPTIONS PS_FORMAT PS_PERSONALITY';
