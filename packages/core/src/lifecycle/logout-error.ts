import { OutlastError } from '../errors.js';
import { quoteWord } from '../shell/quote.js';

/**
 * Makes the error for an app that would not outlive the connection, with the remedy that helps on that very host.
 *
 * @param detail launcher, lingering, user manager (both `yes`, `no` or `unknown`) and user, as `check_launcher` says them.
 */
export function createLogoutError(detail: string): OutlastError {
  const [launcher, linger, userManager, ...user] = detail.split(' ');
  const enable = `sudo loginctl enable-linger ${quoteWord(user.join(' '))}`;
  if (launcher === 'systemd') {
    const message = 'not started: without lingering systemd ends what it runs for this user at the last logout';
    return new OutlastError('E_KILLED_AT_LOGOUT', message, { hint: `on the host, once: ${enable}` });
  }
  const message =
    'not started: this host ends what a login leaves behind (KillUserProcesses), as soon as we disconnect';
  const permit = 'KillUserProcesses=no in /etc/systemd/logind.conf';
  const prepare = linger === 'yes' ? '' : `, which needs on the host, once: ${enable}`;
  const hint =
    userManager === 'yes' ? `give --launcher systemd${prepare}; or set ${permit}` : `set ${permit} on the host`;
  return new OutlastError('E_KILLED_AT_LOGOUT', message, { hint });
}
