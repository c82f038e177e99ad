export { type AskedAt, diagnoseHost } from './diagnosis/diagnose-host.js';
export { createFinding, FINDING_LEVELS, type Finding, type FindingLevel, sortFindings } from './diagnosis/finding.js';
export type { Survey } from './diagnosis/survey.js';
export { ERROR_CODES, type ErrorCode, type ErrorDetails, OutlastError, type OwnWords } from './errors.js';
export type { LogChoice } from './logs/choose-logs.js';
export type { LogSince, LogStream } from './logs/log-stream.js';
export { type PosixRegExp, parsePosixRegExp } from './logs/posix-regexp.js';
export { type AppReport, type AppState, type DeathCause, isLive, type StopMethod } from './model/app.js';
export { type AdoptOptions, adopt } from './operations/adopt.js';
export { doctor } from './operations/doctor.js';
export { buildExecScript, type ExecOptions } from './operations/exec.js';
export { type ClientIdentity, type FindOptions, find, type HostProcess } from './operations/find.js';
export { buildFollowScript, type FollowEvent, FollowReader, type LogCursor } from './operations/follow.js';
export { type AppEnd, type Inspection, inspect } from './operations/inspect.js';
export { type LogsOptions, type LogTail, logs, takeLastLines } from './operations/logs.js';
export type { AppResult, Operation, SeenApp } from './operations/operation.js';
export { type KeptReason, type PruneOptions, type PruneResult, prune } from './operations/prune.js';
export { remove } from './operations/remove.js';
export { type RestartOptions, restart } from './operations/restart.js';
export { type FoundLine, type SearchedLog, searchLogs } from './operations/search-logs.js';
export { type SignalOptions, signal } from './operations/signal.js';
export { type StartOptions, start } from './operations/start.js';
export { status } from './operations/status.js';
export { stop } from './operations/stop.js';
export { wait } from './operations/wait.js';
export { quoteWord } from './shell/quote.js';
export type { Frame } from './shell/script.js';
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
  type RestartSettings,
  type StopSettings,
} from './state/app-spec.js';
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
export { parsePort } from './values/port.js';
export { parseSignalName } from './values/signal-name.js';
export { parseSize } from './values/size.js';
export { formatSuggestion, suggestNearest } from './values/suggest.js';
export { RecordScanner, type ScannedPart } from './wire/record-scanner.js';
export { type Reply, ReplyCollector } from './wire/reply.js';
