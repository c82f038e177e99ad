import type { HostSettings } from '../configuration/host-settings.js';
import { buildReachArgs } from '../configuration/reach-arguments.js';
import type { SshOptions, Target } from '../transport.js';

/** What `LocalCommand` prints once the connection stands and the control socket listens. */
export const READY_LINE = 'outlast-ready';

/** What a master connection is made of. */
export interface MasterOptions {
  readonly target: Target;
  readonly settings: HostSettings;
  readonly sshOptions: SshOptions;
  readonly controlPath: string;
  /** False: ssh asks nothing. */
  readonly mayAsk: boolean;
  /** In place of the ProxyJump of the settings. */
  readonly proxyCommand?: string;
}

/**
 * Builds the arguments of the `ssh` that holds one connection and lets us in through its control socket.
 * Ours stand first and so win over the user's flags and files.
 */
export function buildMasterArgs(options: MasterOptions): string[] {
  const { target, sshOptions } = options;
  const { jump: _jump, ...reach } = sshOptions;
  return ['-M', '-N', '-T', '-x', '-a', ...listOwnOptions(options).flatMap((option) => ['-o', option])].concat(
    buildReachArgs(target, reach),
  );
}

function listOwnOptions({ settings, controlPath, mayAsk, proxyCommand }: MasterOptions): string[] {
  return [
    `ControlPath=${controlPath}`,
    'ControlPersist=no',
    ...(settings.forkAfterAuthentication ? ['ForkAfterAuthentication=no'] : []),
    'PermitLocalCommand=yes',
    `LocalCommand=echo ${READY_LINE}`,
    'ClearAllForwardings=yes',
    'RemoteCommand=none',
    'RequestTTY=no',
    'EscapeChar=none',
    'VisualHostKey=no',
    'UpdateHostKeys=no',
    // What went wrong is read there.
    'LogLevel=DEBUG1',
    `BatchMode=${mayAsk ? 'no' : 'yes'}`,
    `StrictHostKeyChecking=${chooseStrictness(settings)}`,
    // Both are ours: one deadline holds for everything. 0 is none; `none` itself would let the user's own count.
    'ConnectionAttempts=1',
    'ConnectTimeout=0',
    `ServerAliveInterval=${settings.serverAliveInterval}`,
    `ServerAliveCountMax=${settings.serverAliveCountMax}`,
    ...(proxyCommand === undefined ? [] : [`ProxyCommand=${proxyCommand}`]),
  ];
}

/** `no` would let a changed key through; what it is used for, new hosts, `accept-new` does as well. */
function chooseStrictness({ strictHostKeyChecking }: HostSettings): string {
  return strictHostKeyChecking === 'no' ? 'accept-new' : strictHostKeyChecking;
}

/**
 * Builds the ProxyCommand that goes on from a hop to a host through the hop's control socket.
 * Where that socket is gone, ssh would dial by itself: the last option keeps it from that.
 */
export function buildHopCommand(hopControlPath: string, { hostname, port }: HostSettings): string {
  const where = `[${hostname}]:${port}`.replaceAll("'", "'\\''").replaceAll('%', '%%');
  return `ssh -F none -S ${hopControlPath} -o ProxyCommand=false -W '${where}' -- hop`;
}
