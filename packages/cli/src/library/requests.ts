import {
  type AppSettings,
  buildAppSpec,
  OutlastError,
  parseSignalName,
  type RestartOptions,
  type StartOptions,
  type StopOptions,
} from '@outlast/core';
import { DEFAULT_SETTLE_MS } from '../fleet/defaults.js';
import type { Asked } from './asked.js';
import { checkMilliseconds } from './options.js';

/** How an app is started. */
export type StartRequest = AppSettings & Settling;

/** How an app is restarted; without argv and shell line as it was started the last time. */
export type RestartRequest = StopRequest & (StartRequest | (Settling & { argv?: undefined; shell?: undefined }));

/** How an app is stopped; what is left out is as the app was started with. */
export type StopRequest = Pick<StopOptions, 'signal' | 'graceMs'>;

interface Settling {
  /** How long it has to live to count as started, in milliseconds; 1 s unless given. */
  readonly settleMs?: number | undefined;
}

/**
 * What a start is asked with.
 *
 * @throws OutlastError `E_USAGE` as `buildAppSpec` does, and for a time out of range.
 */
export function buildStartOptions(app: string, request: StartRequest): Asked<StartOptions> {
  return { app, spec: buildAppSpec(request), settleMs: pickSettle(request) };
}

/**
 * What a restart is asked with.
 *
 * @throws OutlastError `E_USAGE` as `buildStartOptions` does.
 */
export function buildRestartOptions(app: string, request: RestartRequest): Asked<RestartOptions> {
  const spec = isProgram(request) ? { spec: buildAppSpec(request) } : {};
  if (!isProgram(request)) refuseHalfSpec(request);
  return { app, settleMs: pickSettle(request), ...pickStop(request), ...spec };
}

/**
 * What a stop is asked with, beside the app.
 *
 * @throws OutlastError `E_USAGE` for what is no signal, and for a time out of range.
 */
export function pickStop({ signal, graceMs }: StopRequest): StopRequest {
  checkMilliseconds('graceMs', graceMs);
  return {
    ...(signal === undefined ? {} : { signal: parseSignalName(signal) }),
    ...(graceMs === undefined ? {} : { graceMs }),
  };
}

function isProgram(request: RestartRequest): request is StopRequest & StartRequest {
  return request.argv !== undefined || request.shell !== undefined;
}

/** Half of a spec could only replace the recorded one by guessing the other half. */
function refuseHalfSpec({ signal, graceMs, settleMs, argv, shell, ...half }: RestartRequest): void {
  const [name] = Object.entries(half).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (name === undefined) return;
  throw new OutlastError('E_USAGE', `${name} says how the app runs, but nothing says what`, {
    hint: 'give its argv or its shell line, too',
  });
}

function pickSettle({ settleMs = DEFAULT_SETTLE_MS }: Settling): number {
  checkMilliseconds('settleMs', settleMs);
  return settleMs;
}
