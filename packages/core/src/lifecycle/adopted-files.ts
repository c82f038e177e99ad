import { raw, sh } from '../shell/template.js';
import {
  type AppSpec,
  DEFAULT_LAUNCHER,
  DEFAULT_LOG,
  DEFAULT_RESTART,
  DEFAULT_STOP,
  formatSpecHead,
  NOT_DEPLOYED,
} from '../state/app-spec.js';
import { SUPERVISOR_SCRIPT } from '../supervisor/supervisor-script.js';
import { buildExec, buildSettings } from './run-files.js';

/** An adopted process runs as it does; the rest is what an app has of which nothing was said. */
const ADOPTED: Omit<AppSpec, 'argv' | 'cwd'> = {
  ...NOT_DEPLOYED,
  shell: false,
  env: {},
  secretEnv: {},
  hup: 'ignore',
  launcher: DEFAULT_LAUNCHER,
  restart: DEFAULT_RESTART,
  stop: DEFAULT_STOP,
  log: DEFAULT_LOG,
};

/** Writes arguments and variables, one a line with their newlines as \001, as shell and as JSON. Holds no apostrophe: q is one. */
const FORMAT_AWK = sh`
  function quote(text,   part, count, i, word) {
    count = split(text, part, q)
    word = q part[1]
    for (i = 2; i <= count; i++) word = word q backslash q q part[i]
    return word q
  }

  function json(text,   i, char, word) {
    word = ""
    for (i = 1; i <= length(text); i++) {
      char = substr(text, i, 1)
      word = word ((char in escaped) ? escaped[char] : char)
    }
    return mark word mark
  }

  BEGIN {
    backslash = sprintf("%c", 92); mark = sprintf("%c", 34)
    for (i = 1; i < 32; i++) escaped[sprintf("%c", i)] = backslash sprintf("u%04x", i)
    escaped[sprintf("%c", 1)] = backslash "n"
    escaped[sprintf("%c", 127)] = backslash "u007f"
    escaped[mark] = backslash mark; escaped[backslash] = backslash backslash
    # What is the launch its own, and what shells refuse to be told.
    count = split("OUTLAST_APP OUTLAST_RUN PWD OLDPWD SHLVL _ UID EUID PPID BASHOPTS SHELLOPTS BASH_VERSINFO LINENO", list, " ")
    for (i = 1; i <= count; i++) ours[list[i]] = 1
  }

  as == "words" { printf "%s%s", (NR == 1 && /^-/) ? " env -- " : " ", quote($0) }
  as == "cwd" { printf "cd -- %s || exit 126\n", quote($0) }
  as == "list" { printf "%s%s", (NR == 1) ? "" : ",", json($0) }
  as == "exports" && (at = index($0, "=")) > 1 {
    name = substr($0, 1, at - 1)
    if (name ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && !(name in ours)) printf "export %s=%s\n", name, quote(substr($0, at + 1))
  }
`;

/**
 * Shell functions that write what a run needs out of what `/proc` says of process $target: `write_adopted_files`.
 *
 * @param delimiter ends the texts; it must not occur in them, so it is made from the nonce.
 */
export function buildAdoptedFileFunctions(delimiter: string): string {
  return sh`
    # swap_bytes: what ends with NUL becomes a line; the newlines in it become \001.
    swap_bytes() { tr '\n\000' '\001\n'; }

    # format_adopted FORM: of swapped lines.
    format_adopted() {
      LC_ALL=C awk -v as="$1" -v q="'" '
    ${raw(FORMAT_AWK)}'
    }

    print_adopted_launch() {
      printf '%s\000' "$target_cwd" | swap_bytes | format_adopted cwd | tr '\001' '\n'
      printf '%s\n' 'unalias nohup 2>/dev/null' # mksh has one
      printf 'set -- "$(command -v nohup)"'
      swap_bytes <"/proc/$target/cmdline" | format_adopted words | tr '\001' '\n'
      echo
      swap_bytes <"/proc/$target/environ" | format_adopted exports | tr '\001' '\n'
      cat <<'${raw(delimiter)}'
    ${raw(buildExec(ADOPTED))}
    ${raw(delimiter)}
    }

    # print_adopted_spec: for clients, packed, without the environment: it may hold secrets.
    print_adopted_spec() {
      echo ${formatSpecHead(ADOPTED)}
      {
        printf '"cwd":'
        printf '%s\000' "$target_cwd" | swap_bytes | format_adopted list
        printf ',"argv":['
        swap_bytes <"/proc/$target/cmdline" | format_adopted list
        printf ']}'
      } | od -An -v -tx1 | sed 's/ //g; s/../%&/g'
    }

    # write_adopted_files: everything that a later stop or restart needs.
    write_adopted_files() {
      {
        cat >"$record_path.settings" <<'${raw(delimiter)}' &&
    ${raw(buildSettings(ADOPTED))}
    ${raw(delimiter)}
          print_adopted_spec >"$record_path.spec" &&
          print_adopted_launch >"$record_path.launch" &&
          cat >"$record_path.sh" <<'${raw(delimiter)}'
    ${raw(SUPERVISOR_SCRIPT)}
    ${raw(delimiter)}
      } 2>/dev/null
    }
  `;
}
