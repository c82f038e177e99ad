import { raw, sh } from '../shell/template.js';
import { SURVEY_MACHINE_FUNCTIONS } from './survey-machine.js';
import { SURVEY_STATE_FUNCTIONS } from './survey-state.js';
import { OPTIONAL_TOOLS, REQUIRED_TOOLS } from './tools.js';

/**
 * Shell functions that look at a host, one record each. A program that is missing is itself a finding, so each of them does without:
 * what cannot be seen is said as `-`.
 */
export const SURVEY_FUNCTIONS = sh`
  # survey_shell: which program runs this script, whether that is /bin/sh, its version where it tells one, and the login shell.
  survey_shell() {
    program=$(ls -l "/proc/$$/exe" 2>/dev/null)
    case $program in
    *' -> '*) program=\${program##* -> } ;;
    *) program='' ;;
    esac
    same=unknown
    set -- $(ls -lniL /bin/sh 2>/dev/null)
    sh_file=\${1-}:\${6-}
    set -- $(ls -lniL "/proc/$$/exe" 2>/dev/null)
    if [ -n "\${1-}" ] && [ "$sh_file" != : ]; then
      same=no
      [ "$sh_file" != "$1:$6" ] || same=yes
    fi
    say "SHELL $same $(encode "$program") $(encode "\${BASH_VERSION-\${ZSH_VERSION-\${YASH_VERSION-\${KSH_VERSION-}}}}") $(encode "\${SHELL-}")"
  }

  # survey_tools: what is missing, and how setsid can be used.
  survey_tools() {
    unalias nohup 2>/dev/null # mksh has one
    unset -f tail 2>/dev/null # nor does what stands in for it count
    missing=
    for tool in ${[...Object.keys(REQUIRED_TOOLS), ...Object.keys(OPTIONAL_TOOLS)]}; do
      command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    detach=none
    if setsid -f true 2>/dev/null; then
      detach=fork
    elif command -v setsid >/dev/null 2>&1; then
      detach=plain
    fi
    fractions=no
    sleep 0.01 2>/dev/null && fractions=yes
    say "TOOLS $detach $fractions$missing"
  }

  # survey_proc: can processes be read at all, in /proc or else by ps, pid 1 among them, the id of this boot, and which ports are listened on.
  survey_proc() {
    own=no others=no ports=no known_boot=no identified=no
    ! read_process $$ || identified=yes
    [ ! -r /proc/self/stat ] || own=yes
    ! read_process 1 || others=yes
    read_boot
    [ "$boot" = - ] || known_boot=yes
    [ ! -r /proc/net/tcp ] || ports=yes
    say "PROC $own $others $known_boot $ports $identified"
  }

  survey_logout() {
    read_logout
    say "LOGOUT $logout_kills $linger $user_manager"
  }

  survey_clock() {
    epoch=$(date +%s 2>/dev/null)
    say "CLOCK \${epoch:--}"
  }

  ${raw(SURVEY_STATE_FUNCTIONS)}
  ${raw(SURVEY_MACHINE_FUNCTIONS)}
`;
