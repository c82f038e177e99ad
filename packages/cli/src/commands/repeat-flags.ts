import { formatShard } from '../inventory/shard.js';
import type { FleetFlags } from './flags.js';

const PLAIN = /^[A-Za-z0-9_/:=.,@%+~-]+$/;

/** The flags that choose hosts and say how they are reached, as they can be typed again. */
export function formatRepeatedFlags(flags: FleetFlags): string {
  return [
    ...repeat('--config', flags.config),
    ...repeat('--inventory', flags.inventory),
    ...repeat('-F', flags.sshConfig),
    ...repeat('-l', flags.login),
    ...repeat('-i', flags.identity),
    ...repeat('-J', flags.jump),
    ...repeat('-o', flags.option),
    ...repeat('--transport', flags.transport),
    ...repeat('-H', flags.host),
    ...repeat('-g', flags.group),
    ...(flags.all ? ['-a'] : []),
    ...repeat('-x', flags.exclude),
    ...repeat('--limit', flags.limit),
    // What came in over stdin is gone.
    ...repeat('--hosts-file', flags.hostsFile === '-' ? undefined : flags.hostsFile),
    ...repeat('--shard', flags.shard && formatShard(flags.shard)),
  ].join(' ');
}

function repeat(flag: string, values: string | readonly string[] = []): string[] {
  const list = typeof values === 'string' ? [values] : values;
  return list.map((value) => `${flag} ${PLAIN.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`);
}
