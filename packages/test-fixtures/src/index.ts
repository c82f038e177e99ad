export { ensureBaseImage } from './base-image.js';
export { CAMPAIGN_TIMEOUT_MS, type Campaign, type CampaignFigures, type Round, runCampaign } from './campaign.js';
export type { ComposeHostName } from './compose-facts.js';
export {
  asUser,
  attachComposeHosts,
  type ComposeHosts,
  type ComposeOptions,
  DEBIAN_USERS,
  startComposeHosts,
} from './compose-hosts.js';
export { canStartDocker, type DockerEngine, ensureDocker } from './docker-engine.js';
export { type EmbeddedHostOptions, startEmbeddedHost } from './embedded-host.js';
export type { Oddity } from './embedded-session.js';
export { findFreePort, isListening } from './free-port.js';
export { formatFingerprint, generateKeyPair, type KeyPair, type KeyType, sharedClientKey } from './keys.js';
export { createLaptop, type Laptop, type LaptopOptions } from './laptop.js';
export { endProcessesOf, findProcessesOf, isGone } from './leftover-processes.js';
export type { LinkFaults, StreamFaults } from './link-faults.js';
export { canStartProcessSshd, type ProcessSshdOptions, startProcessSshd } from './process-sshd.js';
export { formatLastLines, type ProgramResult, type RunOptions, runOrThrow, runProgram } from './run-program.js';
export { createSeededRandom, type SeededRandom } from './seeded-random.js';
export { buildKnownHosts, buildSshConfig, formatDestination, formatKnownHostName } from './ssh-files.js';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
export {
  type Access,
  attachHost,
  describeHost,
  type HostFacts,
  type HostVariation,
  type TestHost,
  varyHost,
} from './test-host.js';
export { type WaitOptions, waitFor } from './wait-for.js';
