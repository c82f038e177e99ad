import { parseAppName } from '../values/app-name.js';
import { escapeForMessage } from '../values/escape-for-message.js';
import { CLOCK_FUNCTIONS } from './clock.js';
import { PLAIN_OUTPUT, STAND_IN_FUNCTIONS } from './stand-ins.js';
import { raw, sh } from './template.js';

/** What every script is made with. */
export interface Frame {
  /** Unguessable text that marks our own lines in the output. */
  readonly nonce: string;
}

/** The parts of one script. */
export interface ScriptParts {
  /** What the script is for, as a comment at its head. */
  readonly title: string;
  /** The apps it is about: named behind the title, and parts of paths on the host, so each has to be a name for an app. */
  readonly apps?: readonly string[];
  /** Shell functions that the body uses. */
  readonly functions: readonly string[];
  /** Shell statements; the status of the last one is reported. */
  readonly body: string;
  /** Keeps the login's exported variables in `environment`, as shell, for what is started: our own variables may have their names. */
  readonly keepEnvironment?: boolean;
  /** Leaves the channel's input on file descriptor 3 for the body. */
  readonly keepStdin?: boolean;
}

/**
 * Puts a whole script together: everything stands in one function that the last line calls, so that a script that was cut
 * on the way runs nothing, and no child can eat the rest of it.
 *
 * The first lines do nothing because an rc file that reads stdin would eat them.
 *
 * @throws OutlastError `E_USAGE` for an app whose name is none.
 */
export function buildScript(frame: Frame, parts: ScriptParts): string {
  const title = [parts.title, ...(parts.apps ?? []).map(parseAppName)].join(' ');
  const stdin = parts.keepStdin ? '3<&0 </dev/null' : '</dev/null';
  return sh`
    # outlast: ${raw(escapeForMessage(title))}


    :
    if [ -n "\${ZSH_VERSION-}" ]; then emulate sh; fi
    outlast() {
    ${raw(parts.keepEnvironment ? 'environment=$(export -p) user_umask=$(umask)' : ':')}
    nonce=${frame.nonce}
    ${raw(PROLOGUE)}
    ${raw(parts.functions.join('\n'))}
    operation() {
    ${raw(parts.body)}
    }
    say BEGIN
    operation
    say "END $?"
    }
    outlast ${raw(stdin)}
  `;
}

const PROLOGUE = sh`
  unset IFS CDPATH OUTLAST_RUN
  ${raw(PLAIN_OUTPUT)}
  umask 077
  case :$PATH: in
  *:/usr/bin:*) ;;
  *) PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin ;;
  esac

  ${raw(STAND_IN_FUNCTIONS)}

  # say TEXT: one of our own lines.
  say() { printf '@@%s %s\n' "$nonce" "$*"; }

  # fail CODE APP [DETAIL]: says what could not be done.
  fail() { say "ERROR $1 $2 $(encode "\${3-}")"; return 1; }

  # encode TEXT: bytes as hexadecimal digits.
  encode() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }

  # nap: a tenth of a second where sleep knows fractions.
  nap() { sleep 0.1 2>/dev/null || sleep 1; }

  ${raw(CLOCK_FUNCTIONS)}

  # read_record FILE: sets record to the first line; fails when there is none.
  read_record() {
    record=
    { IFS= read -r record <"$1"; } 2>/dev/null
    [ -n "$record" ]
  }

  # write_record FILE TEXT: whole or not at all, and read back, since a full disk may only show then.
  write_record() {
    if { printf '%s\n' "$2" >"$1.$$"; } 2>/dev/null && read_record "$1.$$" && [ "$record" = "$2" ]; then
      mv -f "$1.$$" "$1" 2>/dev/null && return 0
    fi
    rm -f "$1.$$"
    return 1
  }
`;
