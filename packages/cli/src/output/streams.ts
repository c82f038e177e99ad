import type { OutlastError } from '@outlast/core';
import { resolveColor } from './color-decision.js';
import { buildPalette, type Palette } from './colors.js';
import { escapeText } from './escape-terminal.js';
import type { TerminalStream } from './process-streams.js';
import type { RowOrder } from './row-order.js';
import type { RowTemplate } from './row-template.js';
import { createSink, type Sink } from './sink.js';

/** The flags of every verb that say how it prints. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** `--color` is true, `--no-color` false. */
  readonly color?: boolean;
  /** Of verbs with rows: nothing is cut to the terminal, and there are more columns. */
  readonly wide?: boolean;
  /** Of verbs with rows: the order of these. */
  readonly sort?: RowOrder;
  /** Of verbs with rows: the line that is printed for each of these. */
  readonly format?: RowTemplate;
}

/** What an {@link Output} is made of. */
export interface OutputOptions {
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: OutputFlags;
}

/** One of the two streams, as decided once at the start. */
export interface OutputStream {
  readonly isTerminal: boolean;
  /** Columns of the terminal at this moment; 0 off a terminal and where they are not known. */
  readonly width: number;
  readonly palette: Palette;
}

/** Something that is drawn on the terminal again and again, and has to make room for lines. */
export interface Drawing {
  hide(): void;
  show(): void;
}

/** The only writer to the terminal: data on stdout, everything else on stderr. */
export interface Output {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream & { readonly stream: TerminalStream };
  readonly flags: OutputFlags;
  /** True once the reader of stdout is gone, as with `| head`: end quietly. */
  readonly closed: boolean;
  /** Resolves when the reader of stdout is gone. */
  readonly whenClosed: Promise<void>;
  /** Resolves when stdout cannot be written for another reason, such as a full disk. */
  readonly whenBroken: Promise<OutlastError>;
  /**
   * Writes whole lines of data, already escaped where that is needed, to stdout; wait for it before the next.
   *
   * @throws OutlastError `E_OUTPUT` when stdout cannot be written, such as on a full disk.
   */
  data(text: string): Promise<void>;
  /** Writes bytes as they are to stdout; wait for it before the next. Throws as {@link Output.data} does. */
  bytes(chunk: Uint8Array): Promise<void>;
  /** Writes a line for people to stderr, escaped; nothing with `--quiet`. */
  note(text: string): void;
  /** Writes `warning: …` to stderr, escaped; nothing with `--quiet`. */
  warn(text: string): void;
  /** Writes `error: …` to stderr, escaped. */
  error(text: string): void;
  /** Writes formatted lines to stderr as they are, such as those of `formatHostErrors`. */
  report(formatted: string): void;
  /** Writes what a remote program wrote to its stderr, to stderr; wait for it before the next. */
  foreign(chunk: string | Uint8Array): Promise<void>;
  /** Lets `drawing` share the terminal until the returned function is called; one at a time. */
  attach(drawing: Drawing): () => void;
  /** Keeps everybody else off the terminal, during a question, until the returned function is called. */
  hold(): () => void;
}

/** Creates the output of a run; the colour of both streams is decided here and nowhere else. */
export function createOutput(options: OutputOptions): Output {
  return new TerminalOutput(options);
}

class TerminalOutput implements Output {
  readonly stdout: OutputStream;
  readonly stderr: Output['stderr'];
  readonly flags: OutputFlags;
  readonly whenClosed: Promise<void>;
  readonly whenBroken: Promise<OutlastError>;
  readonly #out: Sink;
  readonly #err: Sink;
  #drawing: Drawing | undefined;
  #held: Promise<void> | undefined;
  #waiting: string[] = [];

  constructor(options: OutputOptions) {
    this.flags = options.flags;
    this.stdout = buildStream(options.stdout, options);
    this.stderr = Object.assign(buildStream(options.stderr, options), { stream: options.stderr });
    this.#out = createSink(options.stdout, 'stdout');
    this.#err = createSink(options.stderr, 'stderr');
    this.whenClosed = this.#out.whenClosed;
    this.whenBroken = this.#out.whenBroken;
  }

  get closed(): boolean {
    return this.#out.closed;
  }

  async data(text: string): Promise<void> {
    if (text !== '') await this.#writeOut(text);
  }

  async bytes(chunk: Uint8Array): Promise<void> {
    if (chunk.length > 0) await this.#writeOut(chunk);
  }

  note(text: string): void {
    if (!this.flags.quiet) this.report(escapeText(text));
  }

  warn(text: string): void {
    if (!this.flags.quiet) this.report(`${this.stderr.palette.yellow('warning:')} ${escapeText(text)}`);
  }

  error(text: string): void {
    this.report(`${this.stderr.palette.red('error:')} ${escapeText(text)}`);
  }

  report(formatted: string): void {
    if (formatted === '') return;
    const lines = formatted.endsWith('\n') ? formatted : `${formatted}\n`;
    if (this.#held) {
      this.#waiting.push(lines);
      return;
    }
    this.#besideDrawing(this.stderr, () => this.#writeErr(lines));
  }

  async foreign(chunk: string | Uint8Array): Promise<void> {
    if (chunk.length === 0) return;
    while (this.#held) await this.#held;
    await this.#besideDrawing(this.stderr, () => this.#err.write(chunk));
  }

  attach(drawing: Drawing): () => void {
    this.#drawing = drawing;
    if (!this.#held) drawing.show();
    return () => {
      if (this.#drawing !== drawing) return;
      this.#drawing = undefined;
      drawing.hide();
    };
  }

  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    this.#drawing?.hide();
    return () => {
      this.#held = undefined;
      for (const lines of this.#waiting.splice(0)) this.#writeErr(lines);
      this.#drawing?.show();
      release();
    };
  }

  async #writeOut(chunk: string | Uint8Array): Promise<void> {
    while (this.#held && this.stdout.isTerminal) await this.#held;
    await this.#besideDrawing(this.stdout, () => this.#out.write(chunk));
  }

  // A stderr that cannot be written leaves nobody to tell it to.
  #writeErr(lines: string): void {
    this.#err.write(lines).catch(() => {});
  }

  #besideDrawing<T>({ isTerminal }: OutputStream, write: () => T): T {
    if (!isTerminal || !this.#drawing) return write();
    this.#drawing.hide();
    const written = write();
    this.#drawing.show();
    return written;
  }
}

function buildStream(stream: TerminalStream, { env, flags }: OutputOptions): OutputStream {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    palette: buildPalette(resolveColor({ flag: flags.color, env, isTTY: isTerminal })),
    get width() {
      return isTerminal ? (stream.columns ?? 0) : 0;
    },
  };
}
