import type { AnyAuthMethod, BaseAgent, ParsedKey } from 'ssh2';
import type { HostSettings } from '../configuration/host-settings.js';
import { readLocalUser } from '../configuration/local-user.js';
import type { KeyFile, PrivateKeyFile } from './key-file.js';
import { findKeyObstacle, listRsaAlgorithms } from './key-policy.js';
import type { Keyring } from './keyring.js';
import { buildSigner, type Sign, type Signer, signNow } from './signing-key.js';

// sshd hangs up at the sixth failure (MaxAuthTries): one is left for a password.
const MAX_IDENTITIES = 5;

/** One key that may be tried. */
export interface Identity {
  /** For people: `~/.ssh/id_ed25519`, or `agent`. */
  readonly label: string;
  /** SSH's encoding of the public half; undefined while a passphrase keeps it unknown. */
  readonly publicKey: Buffer | undefined;
  /** Signs at once, before the host has said that it knows the key; undefined where a person would have to be asked. */
  readonly signer: Signer | undefined;
  /** True for a key that the agent signs with. */
  readonly isHeldByAgent: boolean;
  buildMethod(user: string): AnyAuthMethod;
}

/** The keys to try on one host, likely ones first, and those that are left out. */
export interface IdentityPlan {
  readonly identities: readonly Identity[];
  /** For people, each with its reason. */
  readonly skipped: readonly string[];
  /** True when something was left out that OpenSSH itself could have used. */
  readonly needsOpenssh: boolean;
  /** True when there were more identities than a server lets anybody try. */
  readonly hasTooMany: boolean;
}

interface Candidate {
  readonly file: KeyFile | undefined;
  /** The same key in the agent. */
  readonly agentKey: ParsedKey | undefined;
  readonly identity: Identity | undefined;
  readonly reason: string | undefined;
}

/**
 * Plans which keys to try: first the files that were named, then the agent's keys, then the files that ssh tries
 * on its own account. A key that is both in a file and in the agent is signed for by the agent.
 */
export async function planIdentities(
  settings: HostSettings,
  keyring: Keyring,
  options: { readonly mayAsk: boolean },
): Promise<IdentityPlan> {
  if (!wantsKeys(settings)) return { identities: [], skipped: [], needsOpenssh: false, hasTooMany: false };
  const socket = settings.identityAgent;
  const agent = socket === null ? undefined : await keyring.listAgentKeys(socket);
  const agentKeys = agent?.keys ?? [];
  const files = await Promise.all(settings.identityFiles.map(keyring.readFile));
  const context: CandidateContext = { ...options, settings, keyring, socket };
  const candidates = files.map((file) => buildCandidate(file, agentKeys, context));
  const used = new Set(candidates.map(({ agentKey }) => agentKey));
  const others = settings.identitiesOnly ? [] : agentKeys.filter((key) => !used.has(key));
  const otherCandidates = others.map((key) => buildAgentCandidate(key, 'agent', context));
  const isNamed = ({ file }: Candidate): boolean => file !== undefined && isNamedFile(settings, file.path);
  const identities = [
    ...candidates.filter(isNamed),
    // A default file whose key the agent holds ranks with the agent's.
    ...candidates.filter((candidate) => !isNamed(candidate) && candidate.agentKey !== undefined),
    ...otherCandidates,
    ...candidates.filter((candidate) => !isNamed(candidate) && candidate.agentKey === undefined),
  ].flatMap(({ identity }) => identity ?? []);
  return limitPlan(
    identities,
    [
      ...(agent?.problem === undefined ? [] : [`agent: ${agent.problem}`]),
      ...[...candidates, ...otherCandidates].flatMap(({ reason }) => reason ?? []),
      ...settings.certificateFiles.map((path) => `${formatPath(path)}: a certificate`),
    ],
    files.some(needsOpenssh) || settings.certificateFiles.length > 0,
  );
}

/** Tells whether keys are to be tried at all. */
export function wantsKeys({ pubkeyAuthentication, preferredAuthentications: preferred }: HostSettings): boolean {
  return pubkeyAuthentication && (preferred.length === 0 || preferred.includes('publickey'));
}

/**
 * Tells whether somebody has named a file. Most people have two or three of those that ssh looks for by itself: that one of them is
 * not there is no news.
 */
export function isNamedFile({ defaultIdentityFiles }: HostSettings, path: string): boolean {
  return !defaultIdentityFiles.includes(path);
}

function limitPlan(identities: readonly Identity[], skipped: readonly string[], openssh: boolean): IdentityPlan {
  const rest = identities.length - MAX_IDENTITIES;
  const tooMany = `${rest} more: servers hang up after six failures`;
  return {
    identities: identities.slice(0, MAX_IDENTITIES),
    skipped: rest > 0 ? [...skipped, tooMany] : skipped,
    hasTooMany: rest > 0,
    needsOpenssh: openssh,
  };
}

function needsOpenssh(file: KeyFile): boolean {
  if (file.kind === 'private') return file.hasCertificate;
  return file.kind === 'unusable' && file.needsOpenssh;
}

interface CandidateContext {
  readonly settings: HostSettings;
  readonly keyring: Keyring;
  readonly socket: string | null;
  readonly mayAsk: boolean;
}

function buildCandidate(file: KeyFile, agentKeys: readonly ParsedKey[], context: CandidateContext): Candidate {
  const label = formatPath(file.path);
  const publicKey = file.kind === 'unusable' ? undefined : file.publicKey;
  const agentKey = publicKey && agentKeys.find((key) => key.getPublicSSH().equals(publicKey));
  if (agentKey !== undefined && context.socket !== null) {
    return { ...buildAgentCandidate(agentKey, `${label} (agent)`, context), file };
  }
  const leaveOut = (reason: string | undefined): Candidate => ({ file, agentKey, identity: undefined, reason });
  const isNews = isNamedFile(context.settings, file.path);
  if (file.kind === 'unusable') return leaveOut(file.missing && !isNews ? undefined : `${label}: ${file.reason}`);
  if (file.kind === 'public') return leaveOut(isNews ? `${label}: not in the agent` : undefined);
  const obstacle = publicKey && findKeyObstacle(publicKey, context.settings);
  if (obstacle !== undefined) return leaveOut(`${label}: ${obstacle}`);
  if (file.encrypted && !context.mayAsk) return leaveOut(`${label}: encrypted and no terminal`);
  return buildFileCandidate(file, label, context);
}

function buildFileCandidate(file: PrivateKeyFile, label: string, context: CandidateContext): Candidate {
  const { keyring, settings } = context;
  const reason = file.hasCertificate ? `${label}-cert.pub: a certificate` : undefined;
  if (file.encrypted) {
    const agent = keyring.buildFileSigner(file);
    const identity = {
      label,
      publicKey: file.publicKey,
      signer: undefined,
      isHeldByAgent: false,
      buildMethod: buildAgentMethod(agent),
    };
    return { file, agentKey: undefined, reason, identity };
  }
  const key = keyring.parsePlainKey(file);
  const obstacle = key === undefined ? 'damaged' : findKeyObstacle(key.getPublicSSH(), settings);
  if (key === undefined || obstacle !== undefined) {
    return { file, agentKey: undefined, identity: undefined, reason: `${label}: ${obstacle}` };
  }
  const signWith: Sign = async (data, hash) => signNow(key, data, hash);
  const identity: Identity = {
    label,
    publicKey: key.getPublicSSH(),
    signer: buildSigner(key, signWith, listRsaAlgorithms(settings)[0] ?? ''),
    isHeldByAgent: false,
    buildMethod: (username) => ({ type: 'publickey', username, key }),
  };
  return { file, agentKey: undefined, identity, reason };
}

function buildAgentCandidate(key: ParsedKey, label: string, context: CandidateContext): Candidate {
  const { keyring, settings, socket } = context;
  const publicKey = key.getPublicSSH();
  const obstacle = findKeyObstacle(publicKey, settings);
  if (obstacle !== undefined) {
    return { file: undefined, agentKey: key, identity: undefined, reason: `${label}: ${obstacle}` };
  }
  const sign = keyring.signWithAgent(socket ?? '', key);
  const identity: Identity = {
    label,
    publicKey,
    signer: buildSigner(key, sign, listRsaAlgorithms(settings)[0] ?? ''),
    isHeldByAgent: true,
    buildMethod: buildAgentMethod(keyring.buildOneKeyAgent(key, sign)),
  };
  return { file: undefined, agentKey: key, identity, reason: undefined };
}

function buildAgentMethod(agent: BaseAgent): Identity['buildMethod'] {
  return (username) => ({ type: 'agent', username, agent });
}

/** Formats the path of a key for people: `~/.ssh/id_ed25519`. */
export function formatPath(path: string): string {
  const { home } = readLocalUser();
  return home !== '' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** Formats what was tried: several keys of the agent become one word. */
export function formatTried(labels: readonly string[]): string {
  const fromAgent = labels.filter((label) => label === 'agent').length;
  const files = labels.filter((label) => label !== 'agent');
  const agent = fromAgent === 0 ? [] : [`agent (${fromAgent} ${fromAgent === 1 ? 'key' : 'keys'})`];
  return [...files, ...agent].join(', ') || 'nothing';
}
