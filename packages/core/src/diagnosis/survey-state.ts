import { sh } from '../shell/template.js';

/** Shell functions that look at the state folder and at the file system that it is on. */
export const SURVEY_STATE_FUNCTIONS = sh`
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
`;
