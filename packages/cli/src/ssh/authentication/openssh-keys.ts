import type { HostSettings } from '../configuration/host-settings.js';
import { formatPath, isNamedFile, wantsKeys } from './identities.js';
import type { KeyFile } from './key-file.js';
import type { AgentKeys, Keyring } from './keyring.js';

/** What there is to log in with to one host. */
export interface UsableKeys {
  /** What would be tried, as people call it. */
  readonly labels: readonly string[];
  /** What would not be tried, each with its reason. */
  readonly skipped: readonly string[];
}

const NONE: UsableKeys = { labels: [], skipped: [] };

/** Lists what `ssh` itself would try, as far as that can be seen from here: it takes much that ssh2 cannot read. */
export async function listOpensshKeys(
  settings: HostSettings,
  keyring: Keyring,
  { mayAsk }: { readonly mayAsk: boolean },
): Promise<UsableKeys> {
  if (!wantsKeys(settings)) return NONE;
  const { identityAgent: socket } = settings;
  const agent = socket === null ? undefined : await keyring.listAgentKeys(socket);
  const paths = [...settings.identityFiles, ...settings.certificateFiles];
  const files = await Promise.all(paths.map(keyring.readFile));
  const judged = files.map((file) => judgeFile(file, { agent, mayAsk, isNews: isNamedFile(settings, file.path) }));
  const asksAgent = agent !== undefined && agent.problem === undefined && !settings.identitiesOnly;
  return {
    labels: [
      ...judged.flatMap(({ labels }) => labels),
      // Which may be certificates and security keys: ssh2 does not list them.
      ...(asksAgent ? ['what the agent holds'] : []),
    ],
    skipped: [
      ...(agent?.problem === undefined ? [] : [`agent: ${agent.problem}`]),
      ...judged.flatMap(({ skipped }) => skipped),
    ],
  };
}

interface JudgeContext {
  readonly agent: AgentKeys | undefined;
  readonly mayAsk: boolean;
  /** Whether it is told that the file is of no use. */
  readonly isNews: boolean;
}

function judgeFile(file: KeyFile, { agent, mayAsk, isNews }: JudgeContext): UsableKeys {
  const label = formatPath(file.path);
  const skip = (reason: string): UsableKeys => ({ labels: [], skipped: [`${label}: ${reason}`] });
  if (file.kind === 'unusable') {
    if (file.suitsOpenssh) return { labels: [label], skipped: [] };
    return file.missing && !isNews ? NONE : skip(file.reason);
  }
  const { publicKey } = file;
  const isHeld = publicKey !== undefined && agent?.keys.some((key) => key.getPublicSSH().equals(publicKey)) === true;
  if (file.kind === 'public' && !isHeld) return isNews ? skip('not in the agent') : NONE;
  if (file.kind === 'private' && file.encrypted && !mayAsk && !isHeld) return skip('encrypted and no terminal');
  const certificate = file.kind === 'private' && file.hasCertificate ? [`${label}-cert.pub`] : [];
  return { labels: [...certificate, isHeld ? `${label} (agent)` : label], skipped: [] };
}
