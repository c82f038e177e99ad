import { buildMaskFunction } from '../lifecycle/mask-secrets.js';
import { buildSurroundings } from '../lifecycle/run-files.js';
import { raw, sh } from '../shell/template.js';
import type { AppSpec } from '../state/app-spec.js';
import { PAGE_FUNCTIONS, PAGE_LIMITS } from './get-page.js';
import type { HealthSettings } from './health-settings.js';

/** Of a page that is no good. */
const QUOTED_BYTES = 200;
/** Exit code by which a probe says that waiting does not help: `EX_CONFIG` of sysexits.h. */
const HOPELESS_EXIT = 78;
/** Of what a probe has said, beside the log. */
const PROBE_LINES = 10;

/** What a probe runs with, of the app's spec. */
export type Surroundings = Pick<AppSpec, 'cwd' | 'inRelease' | 'port' | 'env' | 'secretEnv'>;

/**
 * Shell functions that look once whether the app is healthy, next to `DATA_FUNCTIONS`: `probe_health`, which sets `unhealthy` to why it is not.
 */
export function buildProbeFunctions(health: HealthSettings, spec: Surroundings): string {
  const { http, tcp, exec, log } = health;
  const probes = [
    ...(http === null ? [] : [sh`probe_http ${http.path} ${http.firstStatus} ${http.lastStatus} ${http.body ?? ''}`]),
    ...(tcp ? ['probe_tcp'] : []),
    ...(exec === null ? [] : ['probe_exec']),
    ...(log === null ? [] : [sh`probe_log ${log}`]),
  ];
  return sh`
  # The log is that of all that runs of the app: what the earlier one says is not to count for this one.
  may_run_beside=${log === null ? 'yes' : 'no'}
  ${raw(buildMaskFunction(spec.secretEnv))}
  ${raw(PAGE_FUNCTIONS)}

  # As most servers write a request to their log.
  ${raw(http === null ? '' : sh`own_request=${`"GET ${http.path} HTTP/`}`)}

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
      if [ -s "$page" ] && [ "$(wc -c <"$page")" -ge ${PAGE_LIMITS.bytes} ]; then unhealthy="$1 answers with more than a page has"; return 1; fi
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
    printf '%s\n' "$log_starts" | while read -r log_file log_start log_cut; do print_from "$log_file" "$log_start" "$log_cut"; done | LC_ALL=C grep -Eqs -e "$1" && return 0
    unhealthy='the log does not say what it shall'
    return 1
  }
`;
}
