import { sh } from '../shell/template.js';

/** The host chooses among these: above what needs privileges, below what connections take for their own end. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 12_000;

/**
 * Shell functions around the port of an app: `check_port` before anything is started or stopped for it, `write_port` for a run whose
 * port the host chooses.
 *
 * `read_wanted_port`, which sets `wanted_port` to a number, `auto` or nothing, stands with the other files of a run. Who listens is read from
 * `/proc/net/tcp`; where there is none, every port looks free, and the app itself finds out.
 */
export const PORT_FUNCTIONS = sh`
  # list_listeners: port, inode and owner's uid of every TCP socket that listens.
  list_listeners() {
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | LC_ALL=C awk '
      function hexadecimal(digits,   value, i) {
        value = 0
        for (i = 1; i <= length(digits); i++) value = value * 16 + index("0123456789ABCDEF", substr(digits, i, 1)) - 1
        return value
      }
      $4 == "0A" { print hexadecimal(substr($2, index($2, ":") + 1)), $10, $8 }'
  }

  # find_holder PORT: fails where nobody listens there; sets holder to a pid that does, - where it cannot be seen, and holder_uid to whose it is.
  find_holder() {
    holder=
    sockets=$(list_listeners | LC_ALL=C awk -v port="$1" '$1 == port { printf " socket:[%s]", $2 }')
    [ -n "$sockets" ] || return 1
    holder_uid=$(list_listeners | LC_ALL=C awk -v port="$1" '$1 == port { print $3; exit }')
    holder=$(LC_ALL=C ls -ln /proc/[0-9]*/fd 2>/dev/null | LC_ALL=C awk -v sockets="$sockets " '
      /^\/proc\/[0-9]+\/fd:$/ { pid = substr($0, 7) + 0 }
      index(sockets, " " $NF " ") { print pid; exit }')
    holder=\${holder:--}
  }

  # check_port: refuses a port on which somebody else listens; what is left of the app's own last run does not count.
  check_port() {
    read_wanted_port
    case $wanted_port in
    '' | auto) return 0 ;;
    esac
    find_holder "$wanted_port" || return 0
    if [ "$run" -gt 0 ] && read_tree && list_members "$root" "$mark"; then
      case "$members " in *" $holder "*) return 0 ;; esac
    fi
    fail E_PORT_TAKEN "$app" "$wanted_port, by $(describe_holder)"
  }

  # describe_holder: an app of ours, or pid and argv.
  describe_holder() {
    [ "$holder" != - ] || { echo "a process that cannot be seen (uid \${holder_uid:-unknown})"; return; }
    holder_app=$(tr '\n\000' '\001\n' 2>/dev/null <"/proc/$holder/environ" | sed -n 's/^OUTLAST_APP=//p')
    case $holder_app in
    '') echo "pid $holder ($(tr '\n\000' '  ' 2>/dev/null <"/proc/$holder/cmdline" | dd bs=200 count=1 2>/dev/null | sed 's/ *$//'))" ;;
    *) echo "app $holder_app (pid $holder)" ;;
    esac
  }

  # write_port: where the host chooses it, that of the run before if nobody has it by now.
  write_port() {
    read_wanted_port
    [ "$wanted_port" = auto ] || return 0
    taken=" $(list_listeners | LC_ALL=C awk '{ printf "%s ", $1 }')"
    chosen=
    if read_record "$app_dir/run.$((run - 1)).port"; then
      # One that runs on may not have got as far as listening.
      if [ "$beside" = yes ]; then taken="$taken$record "; else chosen=$record; fi
    fi
    port_tries=0
    while :; do
      case "$taken" in
      *" $chosen "*) ;;
      *) [ -z "$chosen" ] || break ;;
      esac
      port_tries=$((port_tries + 1))
      [ "$port_tries" -le 100 ] || return 1
      chosen=$(od -An -N2 -tu2 /dev/urandom | tr -d ' \n')
      chosen=$((${FIRST_PORT} + chosen % ${PORT_COUNT}))
    done
    write_record "$record_path.port" "$chosen"
  }
`;
