import { sh } from '../shell/template.js';

/** Where the path begins in a line of the manifest: kind, mode and hash stand before it, each with a blank behind it. */
const PATH_COLUMN = 73;
/** The same in what prints hashes. */
const HASHED_PATH_COLUMN = 67;
/** Small files cost more waiting than work. */
const COPIED_AT_ONCE = 500;
/** So many programs hash at the same time. */
const HASHERS = 4;
/** A record of ours ends before the 4,096 bytes that a pipe takes in one piece. */
const LONGEST_LIST = 3000;

/**
 * Shell functions that find out what of a release is on the host already.
 *
 * The manifest has a line for each entry, sorted by path: `F MODE SHA256 ./path` for a file, `D` for a folder, `L` for a link, whose hash is that
 * of its target. A path with a newline, a CR or a backslash is written in octal behind a small letter (`f`, `d`, `l`): the lists that the tools
 * below take are lines, so such files are always sent.
 */
export const MANIFEST_FUNCTIONS = sh`
  # find_hash_program: openssl is several times as fast as the sha256sum of many hosts; both print the same lines.
  find_hash_program() {
    case "$(printf '' | openssl dgst -sha256 -r 2>/dev/null)" in
    e3b0c442*) hash_program='openssl dgst -sha256 -r' ;;
    *)
      hash_program=sha256sum
      command -v sha256sum >/dev/null 2>&1 || { fail E_UNSUPPORTED_HOST - 'no sha256sum, and no openssl'; return 1; }
      ;;
    esac
  }

  # find_hashers: sets hashers to how many programs may run at the same time.
  find_hashers() {
    hashers=1
    ! printf x | xargs -0 -P 2 true 2>/dev/null || hashers=${HASHERS}
  }

  # for_lines PROGRAM...: runs it with the lines of its input as arguments, if there are any.
  for_lines() {
    [ ! -s "$lists/chosen" ] || tr '\n' '\000' <"$lists/chosen" | xargs -0 "$@"
  }

  # hash_files: of the list, with the hash before each; several programs at once have an output each.
  hash_files() {
    rm -f "$lists"/hashed.*
    set -- -n $(($(wc -l <"$lists/chosen") / hashers + 1))
    [ "$hashers" = 1 ] || set -- "$@" -P "$hashers"
    (cd "$incoming" && for_lines "$@" /bin/sh -c '"$@" >"$0.$$"' "$lists/hashed" $hash_program 2>/dev/null)
    cat "$lists"/hashed.* 2>/dev/null
  }

  # reuse_files: what an upload that was cut has left, and what the newest release has of the same, is not sent again.
  reuse_files() {
    is_empty "$incoming" || (cd "$incoming" && remove_junk)
    base=''
    list_releases
    if [ -d "$deploy_dir/releases/$newest" ] && [ -s "$deploy_dir/records/$newest.manifest" ]; then base=$newest; fi
    [ -z "$base" ] || copy_from_base
    is_empty "$incoming" || (cd "$incoming" && set_modes)
  }

  is_empty() { [ -z "$(ls -A "$1")" ]; }

  # remove_junk: in the incoming tree, what is not in the manifest, and links and what cannot stand in a line, which always come anew.
  remove_junk() {
    chmod -R u+rwX . 2>/dev/null # a setup may have left what nobody can remove
    newline=$(printf '\nx') return_=$(printf '\r')
    find . \( -name "*\${newline%x}*" -o -name "*$return_*" -o -name '*\\*' -o ! -type f ! -type d \) -prune -exec rm -rf {} + 2>/dev/null
    find . -type f >"$lists/found"
    LC_ALL=C awk 'FILENAME == ARGV[1] { if (/^F /) wanted[substr($0, ${PATH_COLUMN})]; next } !($0 in wanted)' "$manifest" "$lists/found" >"$lists/chosen"
    for_lines rm -f
    find . -depth -type d ! -name . >"$lists/found"
    LC_ALL=C awk 'FILENAME == ARGV[1] { if (/^D /) wanted[substr($0, ${PATH_COLUMN})]; next } !($0 in wanted)' "$manifest" "$lists/found" >"$lists/chosen"
    for_lines rm -rf
  }

  # copy_from_base: as blocks that both share where the file system can, never as a link: an app may write into its files.
  copy_from_base() {
    (cd "$incoming" && find . -type f) >"$lists/found"
    LC_ALL=C awk '
      FILENAME == ARGV[1] { if (/^F /) wanted[substr($0, ${PATH_COLUMN})] = $3; next }
      FILENAME == ARGV[2] { there[$0]; next }
      /^F / { path = substr($0, ${PATH_COLUMN}); if (wanted[path] == $3 && !(path in there)) print path }
    ' "$manifest" "$lists/found" "$deploy_dir/records/$base.manifest" >"$lists/chosen"
    [ -s "$lists/chosen" ] || return 0
    mv -f "$lists/chosen" "$lists/copied"
    LC_ALL=C awk '/^D /{ print substr($0, ${PATH_COLUMN}) }' "$manifest" >"$lists/chosen"
    (cd "$incoming" && for_lines mkdir -p) # at the same time they would be in each other's way
    mv -f "$lists/copied" "$lists/chosen"
    (
      cd "$deploy_dir/releases/$base" || exit
      for_lines -n ${COPIED_AT_ONCE} -P 4 cp -p --reflink=auto --parents -t "$incoming" 2>/dev/null ||
        tar -cf - -T "$lists/chosen" 2>/dev/null | unpack 2>/dev/null
    )
  }

  # set_modes: those that are wanted now; what comes anew has its own.
  set_modes() {
    for mode in $(LC_ALL=C awk '/^F /{ if (!($2 in seen)) { seen[$2]; print $2 } }' "$manifest"); do
      find . -type f ! -perm "$mode" >"$lists/found"
      LC_ALL=C awk -v mode="$mode" '
        FILENAME == ARGV[1] { if (/^F / && $2 == mode) wanted[substr($0, ${PATH_COLUMN})]; next }
        $0 in wanted' "$manifest" "$lists/found" >"$lists/chosen"
      for_lines chmod "$mode"
    done
  }

  # list_files: the numbers of the lines of the manifest that are files.
  list_files() { LC_ALL=C awk '/^[Ff] /{ print FNR }' "$manifest" >"$lists/needed"; }

  # find_needed: leaves of the files that are in the list those that are not on the host as they shall be.
  find_needed() {
    LC_ALL=C awk '
      FILENAME == ARGV[1] { asked[$1]; next }
      (FNR in asked) && /^F /{ print substr($0, ${PATH_COLUMN}) }' "$lists/needed" "$manifest" >"$lists/chosen"
    hash_files >"$lists/hashes"
    LC_ALL=C awk '
      FILENAME == ARGV[1] { asked[$1]; next }
      (FNR in asked) && /^f /{ print FNR, $3, substr($0, ${PATH_COLUMN}) }' "$lists/needed" "$manifest" |
      while IFS=' ' read -r number wanted path; do
        path=$(printf '%bx' "$path")
        found=$($hash_program 2>/dev/null <"$incoming/\${path%x}")
        [ "\${found%% *}" != "$wanted" ] || echo "$number"
      done >"$lists/right"
    LC_ALL=C awk '
      FILENAME == ARGV[1] { hash[substr($0, ${HASHED_PATH_COLUMN})] = substr($0, 1, 64); next }
      FILENAME == ARGV[2] { right[$1]; next }
      FILENAME == ARGV[3] { asked[$1]; next }
      !(FNR in asked) { next }
      /^F /{ if (hash[substr($0, ${PATH_COLUMN})] != $3) print FNR }
      /^f /{ if (!(FNR in right)) print FNR }' "$lists/hashes" "$lists/right" "$lists/needed" "$manifest" >"$lists/left" &&
      mv -f "$lists/left" "$lists/needed"
  }

  # tell_needed: the numbers as ranges.
  tell_needed() {
    LC_ALL=C awk '
      function end_range() {
        if (first == "") return
        list = list ((list == "") ? "" : ",") ((first == last) ? first : first "-" last)
        if (length(list) > ${LONGEST_LIST}) { print list; list = "" }
      }
      first != "" && $1 == last + 1 { last = $1; next }
      { end_range(); first = last = $1 }
      END { end_range(); if (list != "") print list }' "$lists/needed" |
      while IFS= read -r list; do say "NEED $list"; done
  }

  # read_entry LINE: sets entry_mode, entry_hash and entry_path.
  read_entry() {
    entry_path=$(LC_ALL=C awk -v line="$1" 'NR == line { print substr($0, ${PATH_COLUMN}); exit }' "$manifest")
    set -- $(LC_ALL=C awk -v line="$1" 'NR == line { print $1, $2, $3; exit }' "$manifest")
    entry_mode=$2 entry_hash=$3
    if [ "$1" = f ]; then entry_path=$(printf '%bx' "$entry_path") entry_path=\${entry_path%x}; fi
  }
`;
