import { sh } from '../shell/template.js';
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

  # survey_proc: can processes be read at all, pid 1 among them, the id of this boot, and which ports are listened on.
  survey_proc() {
    own=no others=no ports=no known_boot=no
    [ ! -r /proc/self/stat ] || own=yes
    ! read_process 1 || others=yes
    read_boot
    [ "$boot" = - ] || known_boot=yes
    [ ! -r /proc/net/tcp ] || ports=yes
    say "PROC $own $others $known_boot $ports"
  }

  survey_logout() {
    read_logout
    say "LOGOUT $logout_kills $linger $user_manager"
  }

  # survey_state: the state folder as all verbs find it, and the deepest folder on the way to it that is there, in which it is tried
  # whether records can be written and linked.
  survey_state() {
    find_state
    place=$state/apps
    until [ -e "$place" ] || [ -L "$place" ] || [ -z "$place" ]; do place=\${place%/*}; done
    place=\${place:-/}
    kind=other exists=no
    [ ! -d "$place" ] || kind=folder
    if [ -e "$state" ] || [ -L "$state" ]; then exists=yes; fi
    set -- $(ls -ldn "$state" 2>/dev/null)
    mode=\${1--} owner=\${3--}
    try_place
    say "STATE $exists $kind $mode $owner $written $linked $(encode "$state") $(encode "$place")"
    survey_disk
  }

  # try_place: sets written and linked to yes, no, or - where it was not tried.
  try_place() {
    written=- linked=-
    [ "$kind" = folder ] || return 0
    written=no
    [ -w "$place" ] && [ -x "$place" ] || return 0
    trial=$place/.outlast-doctor.$$
    if write_record "$trial" trial; then
      written=yes linked=no
      ! ln "$trial" "$trial.link" 2>/dev/null || linked=yes
    else
      written=full
    fi
    rm -f "$trial" "$trial.link"
  }

  # survey_disk: the file system of that folder, and what is left on it.
  survey_disk() {
    real=$(cd -P "$place" 2>/dev/null && pwd -P)
    mount=$(OUTLAST_PLACE=$real LC_ALL=C awk '
      BEGIN { place = ENVIRON["OUTLAST_PLACE"]; longest = 0; found = "- - -" }
      {
        point = $2
        gsub(/\\040/, " ", point)
        inside = (point == "/") || (place == point) || (index(place, point "/") == 1)
        if (place == "" || !inside || length(point) < longest) next
        longest = length(point)
        options = "," $4 ","
        found = $3 " " ((index(options, ",ro,") > 0) ? "ro" : "rw") " " ((index(options, ",noexec,") > 0) ? "noexec" : "exec")
      }
      END { print found }' /proc/mounts 2>/dev/null)
    say "MOUNT \${mount:-- - -}"
    say "SPACE $(print_free -Pk) $(print_free -Pi)"
  }

  # print_free OPTIONS: total and free as df has them, - - where it does not say.
  print_free() {
    free=$(LC_ALL=C df "$1" "$place" 2>/dev/null | awk '
      BEGIN { free = "- -" }
      NR > 1 { for (i = 5; i <= NF; i++) if ($i ~ /^([0-9]+%|-)$/) { free = $(i - 3) " " $(i - 1); break } }
      END { print free }' 2>/dev/null)
    echo "\${free:-- -}"
  }

  survey_clock() {
    epoch=$(date +%s 2>/dev/null)
    say "CLOCK \${epoch:--}"
  }

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
    cat /proc/[0-9]*/stat 2>/dev/null | LC_ALL=C awk '{
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
    reap_waits=0
    while read_process "$orphan" && [ "$reap_waits" -lt 10 ]; do
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
