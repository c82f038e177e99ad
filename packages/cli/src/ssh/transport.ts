import type { Duplex, Readable, Writable } from 'node:stream';
import type { OutlastError } from '@outlast/core';

/** Where a connection goes: a host as the user named it, and how to reach it. */
export interface Target {
  /** The host as written or configured; the only name that is printed. */
  readonly name: string;
  /** What `ssh` would be given as its destination: a name, an address or an alias of the ssh configuration. */
  readonly destination: string;
  readonly user?: string;
  /** 1–65535. */
  readonly port?: number;
  /** Key files for this host alone, as `ssh -i` takes them; tried behind those of the flags. */
  readonly identityFiles?: readonly string[];
}

/** The flags that `ssh` has too and that every verb takes. */
export interface SshOptions {
  /** `-F`: the ssh configuration file to use instead of the user's and the system's. */
  readonly configFile?: string;
  /** `-l`: the user, for hosts that name none. */
  readonly user?: string;
  /** `-i`: identity files, tried before the configured ones. */
  readonly identityFiles: readonly string[];
  /** `-J`: jump hosts, comma separated, nearest to us first. */
  readonly jump?: string;
  /** `-o Key=value`, as written. */
  readonly options: readonly string[];
}

/** How one channel ended. Without `exitCode` and `signal` nobody knows how the remote side ended. */
export interface ExecEnd {
  readonly exitCode: number | null;
  /** Without `SIG`, for example `KILL`. */
  readonly signal: string | null;
  /** Why nobody knows, where that is known. */
  readonly cause?: OutlastError;
}

/** What is to be run on a host. */
export interface ExecRequest {
  /** For the login shell of the user. */
  readonly line: string;
  /** Written to its stdin before anything else. */
  readonly input?: string | Uint8Array;
}

/**
 * One channel of a connection: a remote program with its three streams.
 * Both outputs have to be read, or resumed: a program whose output nobody takes stops, and never ends.
 */
export interface ExecChannel {
  /** Fails what is written after the end, with `E_CONNECTION_LOST`; an error that nobody listens to is dropped. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the channel is closed and its output was read, or the connection is lost; never rejects. */
  readonly ended: Promise<ExecEnd>;
  /** Lets the channel go without waiting for the remote side: outputs end here and now, `ended` resolves. */
  close(): void;
}

/** One live, authenticated SSH session with a verified host. */
export interface Connection {
  /**
   * Opens a channel and runs a line in the login shell of the user; no pty, no forwarding. Waits for its turn where
   * the server allows fewer channels at once.
   *
   * @throws OutlastError `E_NO_SHELL` when the host runs nothing for us, `E_CONNECTION_LOST` when it is gone.
   */
  exec(request: ExecRequest): Promise<ExecChannel>;
  /**
   * Opens a TCP connection from the host on, as `ssh -W` does.
   *
   * @throws OutlastError `E_CONNECT_REFUSED` when the host cannot or may not; `E_CONNECTION_LOST` when it is gone.
   */
  openTunnel(hostname: string, port: number): Promise<Duplex>;
  /** Resolves once the session is gone, with `E_CONNECTION_LOST` unless we closed it; never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Ends the session; resolves when it is gone. */
  close(): Promise<void>;
}

/** A connection, and what was run over it first. */
export interface ConnectedExec {
  readonly connection: Connection;
  readonly channel: ExecChannel;
}

/** What a connection attempt may take. */
export interface ConnectOptions {
  /**
   * First dial to authenticated, all hops and retries, in milliseconds; it stands still while a person is asked. Unless given,
   * the ConnectTimeout of the host counts, or 10 s.
   */
  readonly connectTimeoutMs?: number | undefined;
  /** Aborting gives up at once, with the reason if that is an OutlastError. */
  readonly signal?: AbortSignal;
}

/** A way to reach hosts. */
export interface Transport {
  /**
   * Connects, verifies the host key and authenticates.
   *
   * @throws OutlastError with one of the connection codes (`E_CONNECT_…`, `E_HOST_KEY_…`, `E_AUTH`, …).
   */
  connect(target: Target, options: ConnectOptions): Promise<Connection>;
  /**
   * Connects and runs something there, in as few round trips as the host is known to allow. Where the connection is lost at a moment at
   * which the host may have begun, the channel has ended without telling how, and the connection is gone.
   *
   * @throws OutlastError as `connect` and `exec` do; nothing was run then.
   */
  connectAndExec(target: Target, request: ExecRequest, options: ConnectOptions): Promise<ConnectedExec>;
  /** Lets go of what is shared between connections. */
  close(): Promise<void>;
}

/** A question that may be put to the person at the terminal, one at a time. */
export interface Prompter {
  /** False off a terminal: nothing may be asked. */
  readonly interactive: boolean;
  /** Asks `question`; `yes` accepts. */
  confirm(question: string): Promise<boolean>;
  /** Asks for a secret without echo; undefined when the person gave up. */
  secret(question: string): Promise<string | undefined>;
}

/** A prompter that also asks for what may be seen, and need not be typed. */
export interface TextPrompter extends Prompter {
  /** Asks for a line of text; `fallback` where nothing is typed, undefined when the person gave up. */
  ask(question: string, fallback: string): Promise<string | undefined>;
}
