export {
  type AppReport,
  type AppResult,
  type AppSettings,
  type AppSpec,
  type AppState,
  adopt,
  buildAppSpec,
  doctor,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  find,
  inspect,
  isLive,
  logs,
  type Operation,
  OutlastError,
  prune,
  type RunBeside,
  remove,
  restart,
  type SeenApp,
  searchLogs,
  signal,
  start,
  status,
  stop,
  wait,
} from '@outlast/core';
export { connect } from './library/connect.js';
export type { ExecOptions, ExecResult, OutputSink } from './library/exec.js';
export { Fleet } from './library/fleet.js';
export type { FleetRun } from './library/fleet-run.js';
export type { Host } from './library/host.js';
export type { CallOptions, FleetOptions, HostOptions, RunOptions } from './library/options.js';
export type { DoneOutcome, FailedOutcome, FleetOutcome } from './library/outcome.js';
export type { RestartRequest, StartRequest, StopRequest } from './library/requests.js';
export type { Prompter } from './ssh/transport.js';
