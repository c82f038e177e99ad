import { raw, sh } from '../shell/template.js';
import type { HealthSettings } from './health-settings.js';
import { buildProbeFunctions, type Surroundings } from './probe-health.js';

/**
 * Shell functions that look until the app is healthy: `await_health`, which sets `unhealthy`, or `ended`, to why it is not.
 */
export function buildHealthFunctions(health: HealthSettings, spec: Surroundings): string {
  return sh`
  ${raw(buildProbeFunctions(health, spec))}

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
`;
}
