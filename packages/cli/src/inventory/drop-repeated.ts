import type { SelectedHost } from './selected-host.js';

/** Keeps the first of what is written twice, by name or by address. */
export function dropRepeated(hosts: readonly SelectedHost[]): SelectedHost[] {
  const seen = new Set<string>();
  return hosts.filter(({ target }) => {
    const { name, user = '', destination, port = '' } = target;
    const keys = [`name ${name}`, `address ${user} ${destination} ${port}`];
    const isNew = keys.every((key) => !seen.has(key));
    for (const key of keys) seen.add(key);
    return isNew;
  });
}
