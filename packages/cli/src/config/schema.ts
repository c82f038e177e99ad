import {
  APP_NAME_PATTERN,
  ENV_NAME_PATTERN,
  LAUNCHERS,
  LEAST_LOG_SIZE,
  parseAppName,
  parseDuration,
  parseDurationRange,
  parseEnvName,
  parseProgramText,
  parseSignalName,
  parseSize,
} from '@outlast/core';
import { z } from 'zod';
import { parseHostAddress, parseHostSpec, parseHostUser } from '../inventory/host-spec.js';
import { TRANSPORTS } from '../ssh/transports.js';
import { describeHint, describeRule } from './problem.js';
import {
  checkRegExp,
  NAME_PATTERN,
  parseConfiguredName,
  parsePath,
  parseRelativePath,
  parseStatusRange,
} from './setting-values.js';

const text = parsed((value) => parseProgramText(value, 'the text'));
const line = text.refine((value) => value.trim() !== '', 'must not be empty');
const path = parsed(parsePath);
const duration = parsed(parseDuration, 'a duration such as 10s').meta({
  pattern: '^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$',
  examples: ['10s', '500ms'],
});
const positiveDuration = duration.refine((milliseconds) => milliseconds > 0, 'must be over zero');
const size = parsed(parseSize, 'a size such as 10MB').refine((bytes) => bytes > 0, 'must be over zero');
const port = z.int().min(1).max(65_535);
const envName = parsed(parseEnvName).meta({ pattern: ENV_NAME_PATTERN.source });
const name = parsed(parseConfiguredName).meta({ pattern: NAME_PATTERN.source });
const regExp = parsed(checkRegExp);
const members = z.array(z.string().min(1)).describe('Names of hosts and groups, tag:…, and ranges such as web[1-3]');
const env = z.record(envName, text).nullish().describe('Environment variables; every value is a string');

const transport = z
  .enum(TRANSPORTS)
  .optional()
  .describe('openssh leaves connections to the ssh program: for certificates, security keys, GSSAPI; ssh2 by default');

const host = z.union(
  [
    parsed(parseHostSpec).describe('user@address:port; user and port are optional'),
    z.null().describe('The name is the address'),
    mapping({
      address: parsed(parseHostAddress).optional().describe('Name, address or ssh alias; by default the name itself'),
      user: parsed(parseHostUser).optional(),
      port: port.optional(),
      tags: z.array(name).optional().describe('Chosen with -g tag:NAME'),
      env: env.describe('Variables for every app on this host'),
      transport,
    }),
  ],
  { error: 'must be user@address:port or a mapping' },
);

const secret = z.union(
  [
    envName,
    mapping({
      name: envName,
      file: path.optional().describe('A file on this machine that holds it'),
      command: line.optional().describe('A shell line on this machine that prints it'),
      stdin: z.literal(true).optional().describe('The standard input of outlast is it; asked for on a terminal'),
    }).superRefine((value, context) => {
      const sources = [value.file, value.command, value.stdin].filter((source) => source !== undefined);
      if (sources.length !== 1)
        context.addIssue({
          code: 'custom',
          message: 'must have one of file, command and stdin; without it, give only the name',
        });
    }),
  ],
  { error: 'must be the name of a variable, or a mapping with name and one of file, command and stdin' },
);

const health = mapping({
  http: z
    .string()
    .regex(/^\/[!-~]*$/, 'must be a path that begins with "/"')
    .optional(),
  status: z
    .union(
      [
        parsed(parseStatusRange),
        z
          .int()
          .min(100)
          .max(599)
          .transform((code) => ({ first: code, last: code })),
      ],
      {
        error: 'must be a code such as 200 or a range such as 200-399',
      },
    )
    .optional()
    .describe('HTTP codes that count as healthy; 200-399 by default'),
  body: regExp.optional().describe('POSIX extended regular expression that a line of the page must match'),
  tcp: z.literal(true).optional().describe('Healthy when the port accepts a connection'),
  exec: line.optional().describe('Healthy when this shell line exits with 0; 78 says that waiting does not help'),
  log: regExp.optional().describe('POSIX extended regular expression that a line of the log must match'),
  within: positiveDuration.optional(),
  interval: positiveDuration.optional(),
  successes: z.int().min(1).max(1_000).optional(),
  steady: duration.optional().describe('Alive and still healthy so long after the first time; 3s by default'),
}).superRefine((value, context) => {
  const probes = [value.http, value.tcp, value.exec, value.log].filter((probe) => probe !== undefined);
  if (probes.length === 0) {
    context.addIssue({ code: 'custom', message: 'must have one of http, tcp, exec and log, or several' });
  }
  if (value.http === undefined && (value.status ?? value.body) !== undefined) {
    context.addIssue({ code: 'custom', message: 'has status or body, which go with http only' });
  }
});

const appFields = {
  hosts: members.optional(),
  source: path.optional().describe('Folder that is uploaded by deploy'),
  setup: z
    .union([line, z.array(line).min(1)], { error: 'must be a shell line or a list of them' })
    .optional()
    .describe('Shell lines that prepare a release; of a list each has to succeed'),
  run: z
    .union([line, z.array(text).min(1)], { error: 'must be a shell line or a list of arguments' })
    .optional()
    .describe('A string is a shell line, a list is argv'),
  cwd: path.optional().describe('Folder on the host; the home folder by default'),
  env,
  env_file: path.optional().describe('File with variables that are kept secret, read as dotenv does'),
  secrets: z
    .array(secret)
    .optional()
    .describe('Variables that are kept secret, taken from the environment of outlast unless it says from where'),
  port: z.union([port, z.literal('auto')], { error: 'must be a port from 1 to 65535 or auto' }).optional(),
  health: health.optional(),
  stop: mapping({ signal: parsed(parseSignalName).optional(), grace: duration.optional() }).optional(),
  restart: mapping({
    policy: z.enum(['no', 'on-failure', 'always', 'unless-stopped']).optional(),
    max: z.int().min(0).max(1_000_000).optional(),
    backoff: parsed(parseDurationRange, 'a range of durations such as 1s..60s')
      .refine(isWholeSeconds, 'must be in whole seconds')
      .optional(),
  }).optional(),
  log: mapping({
    max_size: size
      .refine((bytes) => bytes >= LEAST_LOG_SIZE, `must be at least ${LEAST_LOG_SIZE} bytes`)
      .optional()
      .describe('From this size on the log is cut, and what was in it is kept as an archive'),
    keep: z.int().min(0).max(1_000).optional().describe('So many archives are kept'),
    split: z.boolean().optional().describe('Keep stdout and stderr in files of their own'),
  }).optional(),
  hup: z.enum(['ignore', 'default']).optional().describe('ignore as nohup does, or let HUP end or reload the app'),
  launcher: z
    .enum(LAUNCHERS)
    .optional()
    .describe('systemd runs it in a scope of the systemd user manager, which outlives logouts; setsid by default'),
  keep_releases: z.int().min(1).max(1_000).optional(),
  shared_paths: z
    .array(parsed(parseRelativePath).transform((path) => path.replace(/\/+$/, '')))
    .refine(
      (paths) => paths.every((path) => !paths.some((other) => isBelow(path, other))),
      'must not hold one path below another',
    )
    .optional()
    .describe('Paths that outlive a release'),
  python: z
    .string('must be venv, uv or conda:NAME')
    .regex(/^(?:venv|uv|conda:[A-Za-z0-9][A-Za-z0-9._-]*)$/, 'must be venv, uv or conda:NAME')
    .optional(),
  node: z.literal('nvm').optional(),
  login_shell: z.boolean().optional().describe('Run through a login shell of the user'),
};

const app = mapping(appFields).superRefine((value, context) => {
  const needsPort = value.health?.http !== undefined || value.health?.tcp !== undefined;
  if ((value.python === 'venv' || value.python === 'uv') && value.source === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['python'],
      message: 'must go with `source:`, since it is made of its requirements',
    });
  }
  const argv = [value.run ?? []].flat().join(' ');
  if (value.port === undefined && /(?<!\$)\{port\}/.test(argv)) {
    context.addIssue({ code: 'custom', path: ['run'], message: 'must not have {port} in an app without `port:`' });
  }
  if (needsPort && value.port === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['health'],
      message: 'must not ask for http or tcp of an app without `port:`',
    });
  }
});

/** The schema of `outlast.yaml`: checks what is written, and turns durations, sizes and hosts into their values. */
export const configSchema = mapping({
  transport,
  hosts: z.record(z.string(), host).nullish(),
  groups: z.record(name, members).nullish(),
  apps: z.record(parsed(parseAppName).meta({ pattern: APP_NAME_PATTERN.source }), app).nullish(),
}).meta({ title: 'outlast.yaml', description: 'Hosts, groups and apps of outlast' });

/** The settings of one app, as the schema leaves them. */
export type AppSettings = z.output<typeof app>;

/** One configuration file, as the schema leaves it. */
export type ParsedConfigFile = z.output<typeof configSchema>;

/** Refuses unknown keys; the message lists the known ones, from which a suggestion is made. */
function mapping<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(' ');
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined) });
}

/** A string that `parse` turns into its value; what `parse` throws becomes the message, another type is told `expected`. */
function parsed<Value>(parse: (value: string) => Value, expected?: string) {
  return z.string(expected && `must be ${expected}`).transform((value, context): Value => {
    try {
      return parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: describeRule(error), params: { rule: describeHint(error) } });
      return z.NEVER;
    }
  });
}

function isWholeSeconds({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): boolean {
  return minMs % 1_000 === 0 && maxMs % 1_000 === 0;
}

function isBelow(path: string, other: string): boolean {
  return path !== other && path.startsWith(`${other}/`);
}
