import { sh } from '../shell/template.js';

/** What is waited for and read of a page, for a client that asks for it in place of the host, too: a page that hangs says as much as one that fails, and no disk is to be filled by one. */
export const PAGE_LIMITS = { seconds: 5, bytes: 10_000_000 } as const;

/** A client gives up after as long as a probe, and its answer has to come here; naps are tenths of a second. */
const CLIENT_NAPS = 3 * PAGE_LIMITS.seconds * 10;
/** Blocks of 512 bytes for `ulimit -f`, some of whose shells count twice as many. */
const MAX_PAGE_BLOCKS = Math.ceil(PAGE_LIMITS.bytes / 512) + 1;

const PYTHON_GET = `import http.client, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=${PAGE_LIMITS.seconds})
c.request("GET", sys.argv[2])
r = c.getresponse()
page = r.read(${PAGE_LIMITS.bytes})
open(sys.argv[3], "wb").write(page)
print(r.status)`;

/** `exec 4<>` belongs to bash; 1.0 asks for a page in one piece, and for the end of the connection. */
const BASH_GET = `exec 4<>"/dev/tcp/127.0.0.1/$0" || exit
printf 'GET %s HTTP/1.0\\r\\nHost: 127.0.0.1:%s\\r\\n\\r\\n' "$1" "$0" >&4
cat <&4`;

/**
 * Shell functions that ask the app for a page: by whatever of curl, wget, python3 and bash the host has, else through the client, which is told
 * `WANT page PORT PATH` with the path in hexadecimal digits, and sends the whole answer of the server as data.
 */
export const PAGE_FUNCTIONS = sh`
  # exec_within SECONDS COMMAND...: becomes it, for as long, where the host can tell.
  exec_within() {
    if command -v timeout >/dev/null; then exec timeout "$@"; else shift; exec "$@"; fi
  }

  # find_asker: sets asker to what asks for pages.
  find_asker() {
    for asker in curl wget python3 bash; do
      command -v "$asker" >/dev/null && return
    done
    asker=client
    find_block_read
  }

  # get_page PATH: sets code to the status, to nothing where there is no answer, and leaves the page in $page.
  get_page() {
    page=$deploy_dir/page
    rm -f "$page"
    code=
    if [ "$asker" = client ]; then ask_client "$1"; else code=$(limit_files && "ask_by_$asker" "$1" 2>/dev/null); fi
    [ "$code" != 000 ] || code=
  }

  # limit_files: what is larger ends its writer.
  limit_files() { ulimit -f ${MAX_PAGE_BLOCKS} 2>/dev/null || :; }

  ask_by_curl() {
    curl -q -s -g --noproxy '*' --max-time ${PAGE_LIMITS.seconds} -o "$page" -w '%{http_code}' "http://127.0.0.1:$health_port$1"
  }

  # ask_by_wget: both kinds tell the status by the word HTTP, the first of several where they follow a redirect. That of BusyBox dies of its own -T.
  ask_by_wget() {
    exec_within ${PAGE_LIMITS.seconds} env no_proxy=127.0.0.1 wget -q -S -O "$page" "http://127.0.0.1:$health_port$1" 2>&1 |
      LC_ALL=C awk '{ for (i = 1; i < NF; i++) if (code == "" && $i ~ /HTTP\/1/) code = $(i + 1) } END { print code }'
  }

  ask_by_python3() { python3 -c ${PYTHON_GET} "$health_port" "$1" "$page"; }

  ask_by_bash() {
    (exec_within ${PAGE_LIMITS.seconds} bash -c ${BASH_GET} "$health_port" "$1") >"$page.answer"
    split_answer
  }

  # ask_client PATH: one that does not answer is not asked again.
  ask_client() {
    [ "$asker_gone" = no ] || return 0
    asker_gone=yes lease_holder='' asked_naps=0
    rm -f "$page.read"
    expect_data || return 0
    say "WANT page $health_port $(encode "$1")"
    (read_blocks; : >"$page.read") </dev/null >"$page.answer" 2>/dev/null &
    while [ ! -e "$page.read" ] && [ "$asked_naps" -lt ${CLIENT_NAPS} ]; do
      asked_naps=$((asked_naps + 1))
      nap
    done
    kill -s KILL "$!" 2>/dev/null
    wait "$!"
    rm -f "$page.read"
    is_cut || { asker_gone=no code=$(split_answer); }
  }

  # split_answer: prints the status of $page.answer, and leaves its page.
  split_answer() {
    tr -d '\r' <"$page.answer" | LC_ALL=C awk -v page="$page" 'NR == 1 { print $2; next } in_page { print >page } $0 == "" { in_page = 1 }'
    rm -f "$page.answer"
  }
`;
