export { PAGE_LIMITS } from './deploy/get-page.js';
export { DEFAULT_HEALTH, type HealthSettings } from './deploy/health-settings.js';
export { DEPLOY_LIMIT_MS } from './deploy/lock.js';
export { parseReleaseId } from './deploy/release-id.js';
export type { SetupOptions } from './deploy/set-up-release.js';
export { type AskedAt, diagnoseHost } from './diagnosis/diagnose-host.js';
export { createFinding, FINDING_LEVELS, type Finding, type FindingLevel, sortFindings } from './diagnosis/finding.js';
export type { Survey } from './diagnosis/survey.js';
export { ERROR_CODES, type ErrorCode, type ErrorDetails, OutlastError, type OwnWords } from './errors.js';
export type { LogChoice } from './logs/choose-logs.js';
export type { LogSince, LogStream } from './logs/log-stream.js';
export { POSIX_CLASSES, type PosixRegExp, parsePosixRegExp } from './logs/posix-regexp.js';
export {
  type AppReport,
  type AppState,
  type DeathCause,
  isLive,
  type RunBeside,
  type StopMethod,
} from './model/app.js';
export { type AdoptOptions, adopt } from './operations/adopt.js';
export { type DeployOptions, deploy } from './operations/deploy.js';
export type { DeployResult, DeployStep } from './operations/deploy-result.js';
export { doctor } from './operations/doctor.js';
export { buildExecScript, type ExecOptions } from './operations/exec.js';
export { type ClientIdentity, type FindOptions, find, type HostProcess } from './operations/find.js';
export { buildFollowScript, type FollowEvent, FollowReader, type LogCursor } from './operations/follow.js';
export { type DeployEnd, type HistoryEntry, type HistoryOptions, history } from './operations/history.js';
export { type AppEnd, type Inspection, type InspectOptions, inspect } from './operations/inspect.js';
export { type LogsOptions, type LogTail, logs, takeLastLines } from './operations/logs.js';
export { type AppResult, type Operation, type SeenApp, throwHostErrors } from './operations/operation.js';
export { type KeptReason, type PruneOptions, type PruneResult, prune } from './operations/prune.js';
export { type AppReleases, type Release, type ReleaseState, releases } from './operations/releases.js';
export { type RemoveOptions, remove } from './operations/remove.js';
export { type RestartOptions, restart } from './operations/restart.js';
export { type RollbackOptions, rollback } from './operations/rollback.js';
export { type FoundLine, type SearchedLog, type SearchOptions, searchLogs } from './operations/search-logs.js';
export { type SignalOptions, signal } from './operations/signal.js';
export { type StartOptions, start } from './operations/start.js';
export { type StatusOptions, status } from './operations/status.js';
export { type StopOptions, stop } from './operations/stop.js';
export { type WaitOptions, wait } from './operations/wait.js';
export { DEFAULT_RUNTIME, type RuntimeSettings } from './runtime/runtime.js';
export { quoteWord } from './shell/quote.js';
export { buildScript, type Frame, type ScriptParts } from './shell/script.js';
export { type RawShell, raw, type ShellValue, sh } from './shell/template.js';
export {
  type AppSpec,
  DEFAULT_LAUNCHER,
  DEFAULT_LOG,
  DEFAULT_RESTART,
  DEFAULT_STOP,
  LAUNCHERS,
  type Launcher,
  LEAST_LOG_SIZE,
  type LogSettings,
  NOT_DEPLOYED,
  type RestartSettings,
  type StopSettings,
} from './state/app-spec.js';
export { type AppProgram, type AppSettings, buildAppSpec } from './state/build-app-spec.js';
export { APP_NAME_PATTERN, parseAppName } from './values/app-name.js';
export {
  type DurationRange,
  LONGEST_DURATION_MS,
  parseAge,
  parseDuration,
  parseDurationRange,
} from './values/duration.js';
export { ENV_NAME_PATTERN, parseEnvAssignment, parseEnvName, parseProgramText } from './values/env-name.js';
export { escapeForMessage, quoteForMessage } from './values/escape-for-message.js';
export { parseFolder } from './values/folder.js';
export { parsePort } from './values/port.js';
export { parseSignalName } from './values/signal-name.js';
export { parseSize } from './values/size.js';
export { formatSuggestion, suggestNearest } from './values/suggest.js';
export { RecordScanner, type ScannedPart } from './wire/record-scanner.js';
export { createProtocolError, findRecord, type Reply, ReplyCollector, type WireRecord } from './wire/reply.js';
