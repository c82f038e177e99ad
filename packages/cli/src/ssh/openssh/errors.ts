import { OutlastError, quoteWord } from '@outlast/core';
import type { HostSettings } from '../configuration/host-settings.js';
import {
  buildDialError,
  buildNotSshError,
  buildThrottledError,
  formatClosedHint,
  formatEndpoint,
  formatHangUp,
  formatHost,
  formatSshCommand,
  HANG_UP_HINT,
} from '../connect-errors.js';
import { formatTrustHint } from '../host-keys/host-key-check-messages.js';
import { formatKnownHostName } from '../host-keys/known-hosts-name.js';
import {
  findProxyWords,
  isRefusedByHop,
  type OpensshFailure,
  readDialError,
  readFailure,
  readForeignLine,
  readHangUp,
  readHostKey,
  readOffendingKey,
  readOfferedKeys,
} from './failure.js';

/** What is known of an `ssh` that has ended before the connection stood. */
export interface FailedMaster {
  /** The host as the user named it. */
  readonly name: string;
  readonly settings: HostSettings;
  readonly log: string;
  readonly exitCode: number | null;
  /** The jump host through which it went. */
  readonly hop?: string;
}

// What a shell exits with that does not find a program.
const NOT_FOUND = 127;

/** Builds the documented error for an `ssh` that has ended before the connection stood. */
export function buildMasterError(failed: FailedMaster): OutlastError {
  const { settings, log, hop } = failed;
  if (failed.exitCode === NOT_FOUND && !log.includes('debug1: ')) return buildMissingError();
  const where = formatEndpoint(settings);
  if (hop !== undefined && isRefusedByHop(log)) {
    return new OutlastError('E_CONNECT_REFUSED', `the jump host did not connect to ${where}`, {
      hint: 'is sshd running there, on that port, and may the jump host forward to it (AllowTcpForwarding, PermitOpen)?',
      via: hop,
    });
  }
  const undialled = readDialError(log);
  if (undialled !== undefined) return buildDialError(undialled, settings);
  const failure = readFailure(log);
  const proxied = hop === undefined && settings.proxyCommand !== null;
  if (failure.code === 'E_THROTTLED' && proxied) return buildProxyError(failed);
  if (failure.code === 'E_THROTTLED') return buildThrottledError(where, failure.said);
  if (failure.code === 'E_NOT_SSH') return buildNotSshError(where, failure.said);
  if (failure.code === 'E_AUTH') return buildAuthError(failed, failure);
  if (failure.code.startsWith('E_HOST_KEY_')) return buildHostKeyError(failed, failure);
  return buildOtherError(failure, settings);
}

/** Builds `E_NOT_SSH` where something else than an SSH server had spoken by the deadline; undefined otherwise. */
export function explainDeadline({ settings, log }: FailedMaster): OutlastError | undefined {
  const line = readForeignLine(log);
  return line === undefined ? undefined : buildNotSshError(formatEndpoint(settings), line);
}

function buildMissingError(): OutlastError {
  return new OutlastError('E_NEEDS_OPENSSH', 'there is no ssh program on PATH', {
    hint: 'install the OpenSSH client, or leave out the transport openssh (--transport, or transport: in outlast.yaml)',
  });
}

function buildProxyError({ settings, log }: FailedMaster): OutlastError {
  const words = findProxyWords(log);
  const saying = words === '' ? '' : `, saying ${JSON.stringify(words)}`;
  return new OutlastError('E_PROXY_COMMAND', `the ProxyCommand ended before the connection stood${saying}`, {
    hint: `see how it is called: ${formatSshCommand(settings, '-v')}`,
  });
}

function buildOtherError({ code, said }: OpensshFailure, settings: HostSettings): OutlastError {
  const where = formatEndpoint(settings);
  const words = said === '' ? '' : `: ${said}`;
  if (code === 'E_NO_COMMON_ALGORITHM') {
    return new OutlastError(code, `${where} and ssh share no algorithm${words}`, {
      hint: 'update sshd there, or OpenSSH here (see ssh -vv)',
    });
  }
  if (code === 'E_CONFIG') {
    // As with ssh2: without the list of revoked keys no host is to be trusted.
    return new OutlastError(code, `ssh cannot tell whether the host key is revoked${words}`, {
      hint: 'make the file readable, or name another one with -o RevokedHostKeys=…',
    });
  }
  return new OutlastError(code, `${where} closed the connection before it stood${words}`, {
    hint: formatClosedHint(settings),
  });
}

function buildAuthError({ name, settings, log }: FailedMaster, { said }: OpensshFailure): OutlastError {
  const tried = [...new Set(readOfferedKeys(log))].join(', ') || 'no key';
  const hangUp = readHangUp(log);
  const parts = [
    `tried: ${tried}`,
    ...(hangUp === undefined ? [] : [formatHangUp(hangUp)]),
    `it accepts: ${hangUp?.methods ?? said}`,
  ];
  const remedy = hangUp === undefined ? 'check the user (-l) and the key (-i)' : HANG_UP_HINT;
  return new OutlastError('E_AUTH', `${name} did not let ${settings.user} in (${parts.join('; ')})`, {
    hint: `${remedy}; try it by hand: ${formatSshCommand(settings)}`,
    login: `${settings.user} with ${tried}`,
  });
}

function buildHostKeyError({ name, settings, log }: FailedMaster, { code }: OpensshFailure): OutlastError {
  const host = formatHost(name, settings);
  const presented = readHostKey(log) ?? 'a key';
  if (code === 'E_HOST_KEY_REVOKED') {
    return new OutlastError(code, `the host key of ${host} is revoked: ${presented}`, {
      hint: 'somebody may have stolen the key: ask the keeper of the host, do not connect',
    });
  }
  if (code === 'E_HOST_KEY_CHANGED') return buildChangedError(host, presented, { settings, log });
  return new OutlastError('E_HOST_KEY_UNKNOWN', `no known_hosts file lists ${host}, which presented ${presented}`, {
    hint: formatTrustHint(settings, readHostKey(log)?.split(' ')[0]),
  });
}

function buildChangedError(host: string, presented: string, failed: Pick<FailedMaster, 'settings' | 'log'>) {
  const known = readOffendingKey(failed.log);
  const place = known === undefined ? '' : `another key is known (${known.file}:${known.line}), `;
  const file = known === undefined ? '' : `-f ${quoteWord(known.file)} `;
  return new OutlastError(
    'E_HOST_KEY_CHANGED',
    `the host key of ${host} has changed: ${place}presented was ${presented}`,
    {
      hint: `somebody may be listening in. If its keeper confirms the new fingerprint: ssh-keygen ${file}-R ${quoteWord(formatKnownHostName(failed.settings))}`,
    },
  );
}
