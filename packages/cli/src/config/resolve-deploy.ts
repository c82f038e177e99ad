import { resolve } from 'node:path';
import {
  DEFAULT_HEALTH,
  type HealthSettings,
  OutlastError,
  quoteForMessage,
  quoteWord,
  type RuntimeSettings,
} from '@outlast/core';
import type { Config, ConfiguredApp } from './config.js';
import { resolveRuntime } from './resolve-app.js';
import type { AppSettings } from './schema.js';

/** How the configuration wants an app to be deployed, with defaults filled in. */
export interface DeployDefinition {
  /** The folder that is uploaded: an absolute path on this machine. */
  readonly source: string;
  /** Files that are never part of a release: absolute paths on this machine. */
  readonly excluded: ReadonlySet<string>;
  readonly runtime: RuntimeSettings;
  readonly setup: string | null;
  /** Below the release, without a slash at the end. */
  readonly sharedPaths: readonly string[];
  readonly keepReleases: number;
  readonly health: HealthSettings;
}

const DEFAULT_KEEP = 5;
const DEFAULT_STATUS = { first: 200, last: 399 };

/**
 * Resolves how an app is deployed.
 *
 * @throws OutlastError `E_USAGE` where the configuration has no such app, or no `source` for it.
 */
export function resolveDeployDefinition(config: Config, name: string): DeployDefinition {
  const app = config.apps.get(name);
  const source = app?.settings.source;
  if (app === undefined || source === undefined) {
    throw new OutlastError('E_USAGE', `the configuration does not say what of ${quoteForMessage(name)} is uploaded`, {
      hint: `add \`source: .\` to it in outlast.yaml; without a source it is started with: outlast start ${name}`,
    });
  }
  const { settings, folder } = app;
  return {
    source: resolve(folder, source),
    excluded: new Set([...config.apps.values()].flatMap(listPrivateFiles)),
    runtime: resolveRuntime(settings),
    setup: settings.setup === undefined ? null : buildSetup(settings.setup),
    sharedPaths: settings.shared_paths ?? [],
    keepReleases: settings.keep_releases ?? DEFAULT_KEEP,
    health: resolveHealth(settings),
  };
}

/** In one shell, each behind a line in the log that says which it is; as words of `eval` each has to succeed as a whole, where `sh -e` would overlook what fails before the last of `a && b`. */
function buildSetup(setup: string | readonly string[]): string {
  return typeof setup === 'string'
    ? setup
    : setup.map((line) => `printf '$ %s\\n' ${quoteWord(line)}\neval ${quoteWord(line)}`).join('\n');
}

/** What is nobody's but this laptop's: where an app is described, and the files with its secrets. */
function listPrivateFiles({ settings, folder, file }: ConfiguredApp): string[] {
  const secretFiles = (settings.secrets ?? []).map((secret) => (typeof secret === 'string' ? undefined : secret.file));
  return [file, settings.env_file, ...secretFiles].flatMap((path) =>
    path === undefined ? [] : [resolve(folder, path)],
  );
}

/** Resolves what a release has to show. */
export function resolveHealth({ health }: AppSettings): HealthSettings {
  if (health === undefined) return DEFAULT_HEALTH;
  const { http, status = DEFAULT_STATUS, body, tcp, exec, log, within, interval, successes, steady } = health;
  return {
    http:
      http === undefined
        ? null
        : { path: http, firstStatus: status.first, lastStatus: status.last, body: body ?? null },
    tcp: tcp ?? false,
    exec: exec ?? null,
    log: log ?? null,
    withinMs: within ?? DEFAULT_HEALTH.withinMs,
    intervalMs: interval ?? DEFAULT_HEALTH.intervalMs,
    successes: successes ?? DEFAULT_HEALTH.successes,
    steadyMs: steady ?? DEFAULT_HEALTH.steadyMs,
  };
}
