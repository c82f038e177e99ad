import type { FleetFlags } from './flags.js';

const PLAIN = /^[A-Za-z0-9_/:=.,@%+~-]+$/;

/** The flags that choose hosts and say how they are reached, as they can be typed again. */
export function formatRepeatedFlags(flags: FleetFlags): string {
  const { config, inventory, sshConfig, login, identity, jump, option, transport } = flags;
  const { host, group, all, exclude, hostsFile } = flags;
  return [
    ...repeat('--config', config),
    ...repeat('--inventory', inventory),
    ...repeat('-F', sshConfig),
    ...repeat('-l', login),
    ...repeat('-i', identity),
    ...repeat('-J', jump),
    ...repeat('-o', option),
    ...repeat('--transport', transport),
    ...repeat('-H', host),
    ...repeat('-g', group),
    ...(all ? ['-a'] : []),
    ...repeat('-x', exclude),
    // What came in over stdin is gone.
    ...repeat('--hosts-file', hostsFile === '-' ? undefined : hostsFile),
  ].join(' ');
}

function repeat(flag: string, values: string | readonly string[] = []): string[] {
  const list = typeof values === 'string' ? [values] : values;
  return list.map((value) => `${flag} ${PLAIN.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`);
}
