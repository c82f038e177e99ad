import { randomBytes } from 'node:crypto';
import { type DeployOptions, type DeployResult, deploy } from '@outlast/core';
import type { Answer } from '../fleet/answer.js';
import type { HostSession } from '../fleet/host-session.js';
import { holdLease } from '../fleet/lease.js';
import type { ExecChannel } from '../ssh/transport.js';
import { converse, Partner, type ReleaseWatcher } from './converse.js';
import { sendData } from './data-stream.js';
import { sendFiles, type UploadProgress } from './send-release.js';
import type { SourceTree } from './source-tree.js';

/** Told how a deploy goes on, for people who watch. */
export interface DeployWatcher extends ReleaseWatcher {
  onStep(name: string): void;
  onUpload(progress: UploadProgress): void;
}

/** Deploys to one host: one script there does all of it, and is given what it asks for. Errors are those of `converse`. */
export function deployToHost(
  session: HostSession,
  options: DeployOptions,
  source: SourceTree,
  watcher: DeployWatcher,
): Promise<DeployResult> {
  const course = { isLetGo: false, hasClearedUp: false };
  return converse(session, deploy, options, (channel) => new Uploader(session, channel, source, watcher, course));
}

/** What counts for all connections of one deploy. */
interface Course {
  /** The host may have begun to switch. */
  isLetGo: boolean;
  /** It has ended another deploy, cleared up what one had left, or brought back what was healthy: something else may run since then. */
  hasClearedUp: boolean;
}

class Uploader extends Partner {
  readonly #source: SourceTree;
  readonly #watcher: DeployWatcher;
  #lines: string[] = [];
  #parts = new Map<string, number>();
  #rounds = 0;
  #release: (() => void) | undefined;
  readonly #course: Course;

  constructor(session: HostSession, channel: ExecChannel, source: SourceTree, watcher: DeployWatcher, course: Course) {
    super(session, channel, watcher);
    this.#course = course;
    this.#source = source;
    this.#watcher = watcher;
  }

  override get outlook(): Pick<Answer, 'hint' | 'isHarmless'> {
    return this.#course.isLetGo
      ? { hint: 'the host goes on by itself; see what became of it with: outlast history' }
      : { hint: 'deploy again: what has come is not sent once more', isHarmless: !this.#course.hasClearedUp };
  }

  override hear(words: readonly string[]): void {
    const [kind, ...fields] = words;
    if (kind === 'NEED') this.#lines.push(fields[0] ?? '');
    else if (kind === 'PART') this.#parts.set(fields[0] ?? '', Number(fields[1]));
    else if (kind === 'TAKEN' || kind === 'INTERRUPTED') this.#course.hasClearedUp = true;
    else if (kind === 'STEP') this.#hearStep(fields);
    else if (kind === 'READY') this.#letGo();
    else super.hear(words);
    if (kind === 'SAME') this.#stay();
  }

  #hearStep([, name = '', how]: readonly string[]): void {
    if (how === 'begin') this.#watcher.onStep(name);
    if (name === 'restore') this.#course.hasClearedUp = true;
    if (name === 'setup' && how === 'begin') this.#stay();
  }

  /** From here on nothing is sent, and the script wants to know that we are there. */
  #stay(): void {
    this.#release ??= holdLease(this.channel);
  }

  protected override async send(wanted: readonly string[]): Promise<void> {
    const [what, unzip] = wanted;
    if (what === 'manifest') await sendData(this.channel, this.#source.manifest);
    else if (what === 'files') await this.#sendFiles(unzip === 'gzip');
    else await super.send(wanted);
  }

  #sendFiles(mayCompress: boolean): Promise<void> {
    const needed = { lines: this.#lines.join(','), parts: this.#parts, isFirst: this.#rounds++ === 0, mayCompress };
    this.#lines = [];
    this.#parts = new Map();
    return sendFiles(this.channel, this.#source, needed, (progress) => this.#watcher.onUpload(progress));
  }

  /** From the word on the script goes on to its end without us. */
  #letGo(): void {
    this.leave();
    this.#course.isLetGo = true;
    this.channel.stdin.write('GO\n');
  }

  override leave(): void {
    this.#release?.();
  }
}

/** Makes the id of a release: it sorts by time, to the millisecond, and tells two of the same apart. */
export function createReleaseId(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replace(/[-:]/g, '').split(/[T.]/);
  const milliseconds = now.getUTCMilliseconds().toString(16).padStart(3, '0');
  return `${date}-${time}-${milliseconds}${randomBytes(3).toString('hex').slice(1)}`;
}
