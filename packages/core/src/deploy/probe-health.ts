import { buildMaskFunction } from '../lifecycle/mask-secrets.js';
import { buildSurroundings } from '../lifecycle/run-files.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { MAX_PAGE_BYTES, PAGE_FUNCTIONS } from './get-page.js';

/** What a release has to show before it counts as healthy; all that is given has to hold. */
export interface HealthSettings {
  /** Asked of the app's port on the host itself. */
  readonly http: {
    readonly path: string;
    readonly firstStatus: number;
    readonly lastStatus: number;
    /** POSIX extended regular expression that a line of the page has to match; null for any page. */
    readonly body: string | null;
  } | null;
  /** The port accepts a connection. */
  readonly tcp: boolean;
  /** A shell line that has to exit with 0, run as the app is; 78 says that waiting does not help. */
  readonly exec: string | null;
  /** POSIX extended regular expression that a line of the log has to match, of what the app has written since it was started. */
  readonly log: string | null;
  readonly withinMs: number;
  readonly intervalMs: number;
  /** So many looks one after the other have to be good. */
  readonly successes: number;
  /** Alive and healthy for so long after the first time. */
  readonly steadyMs: number;
}

/** Of a page that is no good. */
const QUOTED_BYTES = 200;
/** Exit code by which a probe says that waiting does not help: `EX_CONFIG` of sysexits.h. */
const HOPELESS_EXIT = 78;
/** Of what a probe has said, beside the log. */
const PROBE_LINES = 10;

export const DEFAULT_HEALTH: HealthSettings = {
  http: null,
  tcp: false,
  exec: null,
  log: null,
  withinMs: 60_000,
  intervalMs: 500,
  successes: 1,
  steadyMs: 3_000,
};

/**
 * Shell functions that look whether the app is healthy, next to `DATA_FUNCTIONS`: `await_health`, which sets `unhealthy`, or `ended`, to why it is not.
 */
export function buildHealthFunctions(
  health: HealthSettings,
  spec: Pick<AppSpec, 'cwd' | 'inRelease' | 'port' | 'env' | 'secretEnv'>,
): string {
  const { http, tcp, exec, log } = health;
  const probes = [
    ...(http === null ? [] : [sh`probe_http ${http.path} ${http.firstStatus} ${http.lastStatus} ${http.body ?? ''}`]),
    ...(tcp ? ['probe_tcp'] : []),
    ...(exec === null ? [] : ['probe_exec']),
    ...(log === null ? [] : [sh`probe_log ${log}`]),
  ];
  return sh`
  ${raw(buildMaskFunction(spec.secretEnv))}
  ${raw(PAGE_FUNCTIONS)}

  # await_health: of the run that has just been started; an app that ends, or that had to be started again, is not waited for: ended says how.
  await_health() {
    unhealthy='' ended='' asker_gone=no hopeless=no healthy_since='' successes=0
    first_pid=$pid
    read_health_port
    find_asker
    read_clock
    health_deadline=$((clock + ${Math.ceil(health.withinMs / 100)}))
    while :; do
      is_still_there || return 1
      silent=- probe_failed=no
      if probe_health; then
        successes=$((successes + 1))
        read_clock
        healthy_since=\${healthy_since:-$clock}
        [ "$successes" -lt ${health.successes} ] || [ "$clock" -lt $((healthy_since + ${Math.ceil(health.steadyMs / 100)})) ] || return 0
      elif ! is_still_there; then
        return 1
      elif [ -n "$healthy_since" ] && [ "$successes" -ge ${health.successes} ]; then
        unhealthy="healthy at first, then not: $unhealthy"
        # Who is about to end does not answer any more: the end says more.
        for look in 1 2 3 4 5; do nap && is_still_there || return 1; done
        return 1
      else
        successes=0 healthy_since=''
      fi
      [ "$hopeless" = no ] || return 1
      read_clock
      if [ -z "$healthy_since" ] && [ "$clock" -ge "$health_deadline" ]; then return 1; fi
      sleep ${raw(String(health.intervalMs / 1000))} 2>/dev/null || sleep ${Math.ceil(health.intervalMs / 1000)}
    done
  }

  # is_still_there: as the process that was started.
  is_still_there() {
    judge_run
    [ "$phase" != running ] || [ "$pid" != "$first_pid" ] || return 0
    await_exit
    # One that is to be started again has no end yet, only a line among the last ones.
    if read_record "$record_path.exit"; then set -- "$run" $record; else set -- $(tail -n 1 "$app_dir/ends" 2>/dev/null); fi
    ended='unknown -'
    [ "\${1-}" != "$run" ] || ended="$2 $3"
    return 1
  }

  probe_health() { ${raw(probes.join(' && ') || ':')}; }

  # read_health_port: sets health_port to where the app listens.
  read_health_port() {
    read_wanted_port
    health_port=$wanted_port
    [ "$wanted_port" != auto ] || { read_record "$record_path.port" && health_port=$record; }
  }

  # is_port_ours: nobody answers in the app's place. Root may, whose programs pass on ports of containers, and whoever a process of the app runs as.
  is_port_ours() {
    login_uid=$(id -u)
    [ "$login_uid" != 0 ] || return 0
    for owner in $(list_listeners | LC_ALL=C awk -v port="$health_port" '$1 == port { print $3 }'); do
      case $owner in 0 | "$login_uid") continue ;; esac
      runs_as "$owner" && continue
      unhealthy="a process of another user (uid $owner) listens on port $health_port"
      return 1
    done
  }

  # runs_as UID: a process of the app does.
  runs_as() {
    read_tree
    list_members "$root" "$mark" || return 1
    for member in $members; do
      set -- "$1" $(ls -ldn "/proc/$member" 2>/dev/null)
      [ "\${4-}" != "$1" ] || return 0
    done
    return 1
  }

  # probe_http PATH FIRST LAST BODY
  probe_http() {
    is_port_ours || return 1
    get_page "$1"
    case $code in
    '' | *[!0-9]*)
      if [ -s "$page" ] && [ "$(wc -c <"$page")" -ge ${MAX_PAGE_BYTES} ]; then unhealthy="$1 answers with more than a page has"; return 1; fi
      unhealthy="no answer on port $health_port" silent=silent
      [ "$asker" != client ] || unhealthy="$unhealthy to a client that asked over the connection, for want of curl, wget, python3 and bash on the host"
      return 1
      ;;
    esac
    if [ "$code" -lt "$2" ] || [ "$code" -gt "$3" ]; then unhealthy="$1 answers $code$(quote_page)"; return 1; fi
    [ -z "$4" ] || LC_ALL=C grep -Eqs -e "$4" "$page" || { unhealthy="$1 does not show what it shall$(quote_page)"; return 1; }
  }

  # quote_page: how it begins, behind a colon; HTML begins with nothing that says anything.
  quote_page() {
    [ -s "$page" ] || return 0
    quoted=$(LC_ALL=C awk 'NF { print; exit }' "$page" | mask_secrets | LC_ALL=C cut -c 1-${QUOTED_BYTES} | tr -d '\000-\037')
    case $quoted in '' | *'<'*) ;; *) printf ': %s' "$quoted" ;; esac
  }

  # probe_tcp: the kernel accepts for whoever listens.
  probe_tcp() {
    is_port_ours || return 1
    list_listeners | LC_ALL=C awk -v port="$health_port" '$1 == port { found = 1 } END { exit !found }' && return 0
    unhealthy="nothing listens on port $health_port" silent=silent
    return 1
  }

  # probe_exec: with the environment, and in the folder, of the app.
  probe_exec() {
    run_beside_app >"$deploy_dir/page" 2>&1
    probed=$?
    case $probed in
    0) return 0 ;;
    ${HOPELESS_EXIT}) hopeless=yes ;;
    esac
    probe_failed=yes
    case $probed in
    # By timeout: that of BusyBox tells how it has ended the probe.
    124 | 143) unhealthy="the exec probe did not end within ${Math.ceil(health.withinMs / 1000)} s" ;;
    *)
      unhealthy=$(tail -n 1 "$deploy_dir/page" | mask_secrets)
      unhealthy="the exec probe exits with $probed\${unhealthy:+: $unhealthy}"
      ;;
    esac
    return 1
  }

  # print_probe_lines: what a probe said that has failed, without secrets.
  print_probe_lines() {
    [ "$probe_failed" = no ] || tail -n ${PROBE_LINES} "$deploy_dir/page" | mask_secrets | sed 's/^/probe: /'
  }

  run_beside_app() (
    set -- "$record_path" "$user_umask" "$app" "$PWD"
    eval "$environment" # any variable may be the login's own
    [ ! -r "$1.runtime" ] || . "$1.runtime"
    umask "$2"
    PWD=$4 OUTLAST_APP=$3
    export OUTLAST_APP
    ${raw(buildSurroundings(spec))}
    exec_within ${Math.ceil(health.withinMs / 1000)} /bin/sh -c ${exec ?? ':'} </dev/null 3<&-
  )

  # probe_log PATTERN
  probe_log() {
    printf '%s\n' "$log_starts" | while read -r log_file log_start; do print_from "$log_file" "$log_start"; done | LC_ALL=C grep -Eqs -e "$1" && return 0
    unhealthy='the log does not say what it shall'
    return 1
  }
`;
}
