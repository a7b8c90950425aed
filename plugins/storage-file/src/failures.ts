import { chunkflowError } from '@chunkflow/sdk'

const REASONS: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  EACCES: ['permission denied', 'choose a folder you may write to, or change its permissions'],
  EDQUOT: ['the disk quota is used up', 'free space or write elsewhere'],
  EFBIG: ['the file would exceed the size limit', 'raise the limit (ulimit -f) or write smaller chunks'],
  EISDIR: ['it is a folder', 'give the path of a file'],
  EMFILE: ['too many open files', 'raise the limit (ulimit -n)'],
  ENOENT: ['no such file or folder', 'check the path'],
  ENOSPC: ['no space left on the device', 'free space or write elsewhere'],
  ENOTDIR: ['a part of the path is a file', 'check the path'],
  EPERM: ['operation not permitted', 'choose a folder you may write to'],
  EROFS: ['the file system is read-only', 'write elsewhere'],
}

/** A system error as one of ours; retryable when space or quota may come back. */
export function fileFailure(action: 'read' | 'write', path: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  const [reason, fix] = REASONS[code] ?? [(cause as Error).message, 'check the path and the disk']
  return chunkflowError(
    action === 'read' ? 'file-unreadable' : 'file-unwritable',
    `Cannot ${action} ${path}: ${reason}`,
    {
      fix,
      retryable: ['ENOSPC', 'EDQUOT', 'EMFILE'].includes(code),
      cause,
    },
  )
}

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  typeof (error as NodeJS.ErrnoException).code === 'string' &&
  /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException).code!)
