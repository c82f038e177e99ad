import { OutlastError } from '@outlast/core';

const FILES = new Set(['EMFILE', 'ENFILE']);
// What fork and exec say.
const PROCESSES = new Set(['EAGAIN', 'ENOMEM']);

/** Tells whether something failed because this machine has no open files or processes left for us. */
export function isExhausted(error: unknown): error is NodeJS.ErrnoException {
  const code = readCode(error);
  return FILES.has(code) || PROCESSES.has(code);
}

/** Tells the error that {@link buildExhaustedError} makes of it. */
export function isExhaustedError(error: unknown): error is OutlastError {
  return error instanceof OutlastError && isExhausted(error.details.cause);
}

/** Builds the error for it. `E_CONNECT_UNREACHABLE` is the nearest code: it is this laptop that does not get out, and later it may. */
export function buildExhaustedError(cause: NodeJS.ErrnoException): OutlastError {
  const isFiles = FILES.has(readCode(cause));
  const what = isFiles ? 'may open no more files' : 'may start no more processes';
  return new OutlastError('E_CONNECT_UNREACHABLE', `this laptop ${what} (${cause.message})`, {
    hint: `lower --parallel, or raise ulimit ${isFiles ? '-n' : '-u'}`,
    cause,
  });
}

function readCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}
