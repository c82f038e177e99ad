import { PRINT_STATS } from '../process/process-list-awk.js';
import { raw, sh } from '../shell/template.js';

/** Shell functions that look at what a login may have on the machine, and at its pid 1. */
export const SURVEY_MACHINE_FUNCTIONS = sh`
  # survey_server: what the configuration of sshd says of its limits, as far as it can be read; what comes first counts.
  survey_server() {
    set --
    for file in /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; do
      [ ! -r "$file" ] || set -- "$@" "$file"
    done
    server='- -'
    [ $# = 0 ] || server=$(LC_ALL=C awk '
      BEGIN { sessions = "-"; startups = "-" }
      FNR == 1 { conditional = 0 }
      {
        line = $0
        sub(/^[ \t]+/, "", line)
        split(line, word, /[ \t=]+/)
        key = tolower(word[1])
        if (key == "match") conditional = 1
        if (conditional) next
        if (key == "maxsessions" && sessions == "-") sessions = word[2]
        if (key == "maxstartups" && startups == "-") startups = word[2]
      }
      END { print sessions " " startups }' "$@" 2>/dev/null)
    say "SERVER \${server:-- -}"
  }

  # survey_limits: open files and processes that the login may have, and how many processes this user has.
  survey_limits() {
    limits=$(awk '
      BEGIN { files = "-"; processes = "-" }
      /^Max open files / { files = $4 }
      /^Max processes / { processes = $3 }
      END { print files " " processes }' /proc/self/limits 2>/dev/null)
    count=$(LC_ALL=C ls -ldn /proc/[0-9]* 2>/dev/null | awk -v uid="$uid" '$3 == uid { count++ } END { print count + 0 }' 2>/dev/null)
    say "LIMITS \${limits:-- -} \${count:--}"
  }

  # survey_init: pid 1, whether this is a container, and whether pid 1 buries its dead.
  survey_init() {
    init='' container=no
    { IFS= read -r init </proc/1/comm; } 2>/dev/null
    if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then container=yes; fi
    try_reaping
    say "INIT $container $reaps $(encode "$init")"
  }

  # find_unburied: prints the pid of a zombie whose parent is pid 1, if there is one.
  find_unburied() {
    LC_ALL=C ${raw(PRINT_STATS)} 2>/dev/null | LC_ALL=C awk '{
      rest = $0
      while ((at = index(rest, ") ")) > 0) rest = substr(rest, at + 2)
      if (split(rest, field, " ") < 20 || found) next
      if (field[1] == "Z" && field[2] == 1) { found = 1; print $1 }
    }' 2>/dev/null
  }

  # try_reaping: looks whether a dead child of pid 1 goes away; where there is none, one is made by a parent that does not wait for it.
  try_reaping() {
    reaps=unknown orphan=$(find_unburied)
    [ -n "$orphan" ] || orphan=$(/bin/sh -c 'sleep 0 </dev/null >/dev/null 2>&1 & echo $!')
    case $orphan in
    '' | *[!0-9]*) return 0 ;;
    esac
    # Some programs look for their dead once in a while only.
    read_clock
    deadline=$((clock + 50)) reap_waits=0
    while read_process "$orphan" && read_clock && [ "$clock" -lt "$deadline" ] && [ "$reap_waits" -lt 50 ]; do
      reap_waits=$((reap_waits + 1))
      nap
    done
    if [ ! -r /proc/self/stat ]; then
      reaps=unknown
    elif ! read_process "$orphan"; then
      reaps=yes
    elif [ "$process_state" = Z ] && [ "$process_parent" = 1 ]; then
      reaps=no
    fi
  }

  # survey_memory: of the machine, in kilobytes, and the limits of the control groups this is in, in bytes.
  survey_memory() {
    memory=$(awk '
      BEGIN { total = "-"; available = "-" }
      $1 == "MemTotal:" { total = $2 }
      $1 == "MemAvailable:" { available = $2 }
      END { print total " " available }' /proc/meminfo 2>/dev/null)
    group='' limits=''
    { while IFS= read -r line; do case $line in 0::*) group=\${line#0::} ;; esac; done </proc/self/cgroup; } 2>/dev/null
    add_limit /sys/fs/cgroup/memory/memory.limit_in_bytes
    while :; do
      add_limit "/sys/fs/cgroup\${group%/}/memory.max"
      [ -n "\${group%/}" ] || break
      group=\${group%/*}
    done
    say "MEMORY \${memory:-- -}$limits"
  }

  add_limit() {
    { IFS= read -r limit <"$1"; } 2>/dev/null || return 0
    case $limit in
    '' | *[!0-9]*) ;;
    *) limits="$limits $limit" ;;
    esac
  }
`;
