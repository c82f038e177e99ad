import { sh } from '../shell/template.js';

/**
 * Shell functions that take bytes from the client, on file descriptor 3, of which the shell reads byte by byte and never more than its line:
 * `DATA N` with N bytes behind it, any number of times, then `DONE`; a client that is busy keeps the script alive by empty lines.
 */
export const DATA_FUNCTIONS = sh`
  # find_block_read: whether dd waits for whole blocks on a pipe; where not, it reads single bytes, which is slow and right.
  find_block_read() {
    whole_blocks=no
    [ "$( (printf a; sleep 0; printf b) | dd bs=2 count=1 iflag=fullblock 2>/dev/null)" != ab ] || whole_blocks=yes
  }

  # read_data COUNT: hands on so many bytes.
  read_data() {
    if [ "$whole_blocks" = no ]; then dd bs=1 count="$1" <&3 2>/dev/null; return; fi
    [ "$1" -lt 65536 ] || dd bs=65536 count=$(($1 / 65536)) iflag=fullblock <&3 2>/dev/null || return 1
    [ $(($1 % 65536)) = 0 ] || dd bs=$(($1 % 65536)) count=1 iflag=fullblock <&3 2>/dev/null
  }

  # expect_data: until it has come whole there is the file cut; fails where there is no room even for that.
  expect_data() { (: >"$deploy_dir/cut") 2>/dev/null; }
  is_cut() { [ -e "$deploy_dir/cut" ]; }

  # read_blocks: hands on what the client sends, to its DONE; each line of it renews the lease of lease_holder, where there is one.
  read_blocks() {
    while IFS=' ' read -r word size rest <&3; do
      case $word in
      DATA) read_data "$size" || break ;;
      DONE) rm -f "$deploy_dir/cut"; break ;;
      esac
      [ -z "$lease_holder" ] || renew_lease
    done
  }
`;
