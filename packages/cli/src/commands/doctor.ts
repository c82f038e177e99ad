import { diagnoseHost, doctor, type Finding, OutlastError } from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';
import type { Finding as HostFinding, Outcome } from '../fleet/outcome.js';
import { chooseParallel } from '../fleet/parallel.js';
import { diagnoseLaptop } from '../laptop/diagnose-laptop.js';
import { surveyLaptop } from '../laptop/survey-laptop.js';
import { buildDocument } from '../output/document.js';
import { type Diagnosis, formatDiagnosis } from '../output/format-diagnosis.js';
import { formatJson, formatNdjson } from '../output/json.js';
import { FINDING_ROWS } from '../output/row-shapes.js';
import { combineExits } from './combine-exits.js';
import type { Context } from './context.js';
import { EXIT, resolveExit } from './exit-code.js';
import { addFleetFlags, type FleetFlags, resolveSshOptions } from './flags.js';
import { chooseTransport, type FleetPlan, planFleet } from './fleet-plan.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { reportOutcomes, resolveShardEnd, streamOutcome } from './report-outcomes.js';
import { addRowFlags } from './row-flags.js';
import { runOverHosts } from './run-over-hosts.js';
import type { Verb } from './verb.js';

const DOCTOR_TIMEOUT_MS = 60_000;

type Findings = readonly Finding[];

/** `outlast doctor` */
export const doctorVerb: Verb = {
  configure(command) {
    addFleetFlags(command);
    addRowFlags(command, FINDING_ROWS);
  },
  async run(context, _args, flags: FleetFlags) {
    const plan = await planExamination(context, flags);
    const invalid = plan instanceof OutlastError;
    const buildScript = () => doctor.build({}, { nonce: PREVIEW_NONCE });
    if (!invalid && (await showPreview(context, plan, { action: 'look for what would get in the way', buildScript })))
      return EXIT.ok;
    const laptop = await examineLaptop(context, flags, plan);
    await streamLaptop(context, laptop);
    const outcomes = invalid || plan.hosts.length === 0 ? [] : await examineHosts(context, plan);
    // As with every verb: a configuration that is not valid is exit 2, and nothing was sent.
    return report(context, laptop, outcomes, (all) =>
      invalid ? EXIT.usage : resolveDoctorExit(context, all, hasProblem(laptop)),
    );
  },
  combineExits(run) {
    const isInvalid = run.shards.some(({ exitCode, hosts }) => hosts === 0 && exitCode === EXIT.usage);
    const exit = isInvalid ? EXIT.usage : combineExits(run);
    // Each shard has looked at its own laptop, the ones without hosts, too.
    return exit === EXIT.ok && !run.ok ? EXIT.failed : exit;
  },
};

/** As of any verb, and 1 when all hosts are well but not the laptop. */
export function resolveDoctorExit(
  context: Context,
  outcomes: readonly Outcome<unknown>[],
  laptopHasProblem: boolean,
): number {
  const exit = resolveExit(context, outcomes);
  return exit === EXIT.ok && laptopHasProblem ? EXIT.failed : exit;
}

/** What is wrong with the configuration is a finding here. Without any hosts, this laptop alone is looked at. */
async function planExamination(context: Context, flags: FleetFlags): Promise<FleetPlan | OutlastError> {
  try {
    return await planFleet(context, flags, [], { mayBeEmpty: true });
  } catch (error) {
    if (error instanceof OutlastError && error.code === 'E_CONFIG') return error;
    throw error;
  }
}

async function examineLaptop(context: Context, flags: FleetFlags, plan: FleetPlan | OutlastError): Promise<Findings> {
  const invalid = plan instanceof OutlastError;
  const hosts = invalid
    ? []
    : plan.hosts.map((host) => ({ target: host.target, transport: chooseTransport(plan, host) }));
  const parallel = flags.parallel ?? chooseParallel();
  const survey = await surveyLaptop({
    hosts,
    transport: chooseTransport(invalid ? { flags, config: {} } : plan),
    sshOptions: resolveSshOptions(flags),
    env: context.env,
    prompter: context.prompter,
    config: invalid ? { files: [], error: plan } : { files: plan.config.files, error: null },
    parallel: hosts.length > 0 ? Math.min(parallel, hosts.length) : parallel,
  });
  return diagnoseLaptop(survey);
}

function examineHosts(context: Context, plan: FleetPlan): Promise<Outcome<Findings>[]> {
  return runOverHosts<Findings>(context, plan, {
    label: 'looking for what would get in the way',
    timeoutMs: DOCTOR_TIMEOUT_MS,
    forReader: true,
    work: examineHost,
    onOutcome: (outcome) => streamOutcome(context, outcome, toJson),
  });
}

async function examineHost(session: HostSession): Promise<HostFinding<Findings>> {
  const beforeMs = Date.now();
  const survey = await session.run(doctor, {});
  const findings = diagnoseHost(survey, { beforeMs, afterMs: Date.now() });
  return { ok: !hasProblem(findings), value: findings };
}

async function report(
  context: Context,
  laptop: Findings,
  outcomes: readonly Outcome<Findings>[],
  resolveEnd: (outcomes: readonly Outcome<Findings>[]) => number,
): Promise<number> {
  const { output, verb } = context;
  if (output.flags.json) {
    const end = resolveShardEnd(context, () => resolveEnd(outcomes));
    const document = buildDocument(verb, outcomes, toJson, end);
    await output.data(
      formatJson({ ...document, ok: document.ok === true && !hasProblem(laptop), laptop: toJson(laptop) }),
    );
    return end?.exitCode ?? resolveEnd(outcomes);
  }
  const format = () => {
    const hosts = outcomes.flatMap(({ host, value }): Diagnosis[] =>
      value === undefined ? [] : [{ host, findings: value }],
    );
    const { verbose = false, sort: order } = output.flags;
    const layout = { palette: output.stdout.palette, verbose, order };
    return formatDiagnosis([{ host: null, findings: laptop }, ...hosts], layout);
  };
  const rows = {
    shape: FINDING_ROWS,
    split: (findings: Findings) => findings.map((finding) => [finding]),
    others: laptop.map((own) => ({ own, outcome: { host: null, ok: own.level !== 'problem' } })),
  };
  return reportOutcomes(context, outcomes, { toJson, format, rows, resolveExit: resolveEnd });
}

/** With `--ndjson`: an event without `ok`, since it is about no host. */
async function streamLaptop({ output }: Context, laptop: Findings): Promise<void> {
  if (output.flags.ndjson && !output.flags.json) await output.data(formatNdjson({ laptop: toJson(laptop) }));
}

function toJson(findings: Findings): Readonly<Record<string, unknown>> {
  return { findings };
}

function hasProblem(findings: Findings): boolean {
  return findings.some(({ level }) => level === 'problem');
}
