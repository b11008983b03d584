import { ERRORS, GraylaneError, isGraylaneError } from '@graylane/core';

/** What a person gets to read of something that failed: what happened, and what to do where that is known. */
export function formatFailure(error: unknown): string {
  if (!isGraylaneError(error)) return formatSystemFailure(error as SystemError);
  const { code, message } = error;
  // Issues say what to do, each for itself.
  return code.endsWith('_INVALID') ? `${code}: ${message}` : `${code}: ${message}\n${toDo(ERRORS[code].remedy)}`;
}

/** The exit status that a failure leads to: 2 when the call itself was wrong, else 1. */
export function statusOf(error: unknown): 0 | 1 | 2 {
  const { code, exitCode } = error as { readonly code?: string; readonly exitCode?: number };
  if (code?.startsWith('commander.')) return exitCode === 0 ? 0 : 2;
  return isGraylaneError(error, 'GL_CONFIG_INVALID') ? 2 : 1;
}

/** The error for a file of the call that cannot be read. */
export function unreadable(path: string, cause: unknown): GraylaneError {
  const { code, message } = cause as SystemError;
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : message;
  return new GraylaneError('GL_CONFIG_INVALID', `${path} cannot be read: ${why}`, { cause });
}

/** What Node says of a failed system call. */
interface SystemError {
  readonly code?: string;
  readonly message: string;
  readonly address?: string;
  readonly port?: number;
}

function formatSystemFailure({ code, message, address, port }: SystemError): string {
  if (code === 'EADDRINUSE')
    return `${address}:${port} is taken.\n${toDo('End what listens there, or choose another port; 0 takes a free one.')}`;
  if (code === 'EADDRNOTAVAIL')
    return `${address} is no address of this machine.\n${toDo('Listen on 127.0.0.1, or on 0.0.0.0 for all that it has.')}`;
  if (code === 'EACCES' && port !== undefined)
    return `${address}:${port} may not be taken by this user.\n${toDo('Choose a port from 1024 on.')}`;
  return message;
}

function toDo(remedy: string): string {
  return `What to do: ${remedy}`;
}
