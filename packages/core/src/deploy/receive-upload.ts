import { raw, sh } from '../shell/template.js';
import { MANIFEST_FUNCTIONS } from './manifest.js';

/** A client that sends says something at least this often, in seconds. */
const SILENCE_SECONDS = 30;
/** So often a file may turn out other than it was announced, since it was written to while it was read. */
const MAX_ROUNDS = 3;

/**
 * Shell functions that bring the tree of a release to the host: only what the host lacks is sent, what was sent before a cut counts, and
 * nothing is believed that does not have its hash.
 *
 * The client answers in lines, with data behind some of them (`receive-data.ts`):
 *
 * - `TAR` or `TARGZ`: a tar archive follows
 * - `FILE LINE OFFSET`: the file of that line of the manifest, from that byte on, follows; `FILEGZ` compressed by gzip, `PIECE` not to its end
 * - `SENT` when all is sent that was needed
 */
export const RECEIVE_FUNCTIONS = sh`
  ${raw(MANIFEST_FUNCTIONS)}

  # begin_silence: ends the script unless the client says something in time, and the timer is ended with end_timer "$lease_timer".
  begin_silence() {
    lease_timer='' lease_seconds=${SILENCE_SECONDS} lease_holder=
    if read_process self; then lease_holder=\${process_stat%% *}; fi
    [ -z "$lease_holder" ] || renew_lease
  }

  # receive: hands on what the client sends, to its DONE.
  receive() {
    begin_silence
    read_blocks
    end_timer "$lease_timer"
    ! is_cut
  }

  # receive_release CONTENT: makes $incoming the tree of the manifest that the client sends, whose own hash is CONTENT.
  receive_release() {
    incoming=$deploy_dir/incoming parts=$deploy_dir/parts lists=$deploy_dir/lists manifest=$deploy_dir/lists/manifest
    mkdir -p "$incoming" "$parts" "$lists" 2>/dev/null || { fail E_STATE_DIR "$app" "cannot make $incoming"; return 1; }
    name_leased
    find_block_read
    find_tar_blocks
    find_hashers
    unzip=-
    ! command -v gzip >/dev/null 2>&1 || unzip=gzip
    expect_data || fail_received || return 1
    say 'WANT manifest'
    receive 2>/dev/null >"$manifest" || { fail_received; return 1; }
    manifest_hash=$($hash_program <"$manifest")
    [ "\${manifest_hash%% *}" = "$1" ] || { fail_received; return 1; }
    reuse_files
    list_files
    is_empty "$incoming" || find_needed
    rounds=0
    while [ "$rounds" -lt ${MAX_ROUNDS} ]; do
      rounds=$((rounds + 1))
      tell_needed
      tell_parts
      say "WANT files $unzip"
      receive_parts && find_needed || return 1
      if [ ! -s "$lists/needed" ]; then
        rm -rf "$parts"
        return 0
      fi
    done
    read -r number <"$lists/needed"
    read_entry "$number"
    fail E_UPLOAD "$app" "\${entry_path#./} changes while it is read, or does not stay on the host as it was written"
  }

  # tell_parts: what a cut has left of large files, by their hash.
  tell_parts() {
    for part in "$parts"/*; do
      [ -f "$part" ] || continue
      set -- $(ls -ln "$part")
      say "PART \${part##*/} $5"
    done
  }

  # receive_parts: whatever the client sends, to its SENT.
  receive_parts() {
    while begin_silence; IFS=' ' read -r word first second <&3; do
      end_timer "$lease_timer"
      case $word in
      TAR) receive_archive cat || return 1 ;;
      TARGZ) receive_archive 'gzip -dc' || return 1 ;;
      PIECE) receive_piece "$first" "$second" cat || return 1 ;;
      FILE) receive_piece "$first" "$second" cat && keep_part || return 1 ;;
      FILEGZ) receive_piece "$first" "$second" 'gzip -dc' && keep_part || return 1 ;;
      SENT) return 0 ;;
      esac
    done
    end_timer "$lease_timer"
    fail_cut
  }

  receive_archive() {
    expect_data || fail_received || return 1
    receive_through "$1" | unpack 2>"$lists/said"
    [ $? = 0 ] && ! is_cut || fail_received
  }

  # receive_through PROGRAM: hands on what comes as the program unpacks it; cat is none.
  receive_through() {
    if [ "$1" = cat ]; then receive; else receive | $1 2>/dev/null; fi
  }

  # unpack: BusyBox goes by the umask even where it is told to keep modes; GNU tar takes a pipe in small pieces unless it is told otherwise.
  unpack() (umask 0 && tar $tar_blocks -xpof - -C "$incoming")

  find_tar_blocks() {
    tar_blocks=
    case $(tar --version 2>/dev/null) in *'GNU tar'*) tar_blocks='-b 128' ;; esac
  }

  # receive_piece LINE OFFSET PROGRAM: goes on where a cut has left the file; the program unpacks what comes.
  receive_piece() {
    read_entry "$1"
    part=$parts/$entry_hash
    [ "$2" != 0 ] || rm -f "$part"
    set -- "$2" "$3" $(ls -ln "$part" 2>/dev/null)
    [ "$1" = "\${7-0}" ] || { fail E_UPLOAD "$app" 'what a cut has left of a file is not there any more'; return 1; }
    expect_data || fail_received || return 1
    receive_through "$2" 2>/dev/null >>"$part"
    [ $? = 0 ] && ! is_cut || fail_received
  }

  # keep_part: the file is whole.
  keep_part() { chmod "$entry_mode" "$part" && mv -f "$part" "$incoming/$entry_path" 2>/dev/null || fail_received; }

  fail_cut() { fail E_UPLOAD "$app" 'the upload was cut; what has come is kept for the next try'; }

  # fail_received: a full disk is told as such, and what has come is taken from it again.
  fail_received() {
    if ! has_room; then
      rm -rf "$incoming" "$parts" "$lists"
      tell "FULL $app"
      fail E_UPLOAD "$app" "there is no space for it in $deploy_dir; what has come was removed"
      return 1
    fi
    if is_cut; then fail_cut; return 1; fi
    read_record "$lists/said"
    fail E_UPLOAD "$app" "it cannot be unpacked in $incoming: \${record:-not what was sent}"
  }
`;
