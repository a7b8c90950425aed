import { chunkflowError } from '@chunkflow/sdk'

interface Reason {
  readonly what: string
  readonly fix: string
  /** True when it may pass by itself or when somebody makes room. */
  readonly retryable?: boolean
}

const REASONS: Readonly<Record<string, Reason>> = {
  EACCES: { what: 'permission denied', fix: 'choose a folder you may write to, or change its permissions' },
  EBUSY: { what: 'it is in use', fix: 'try again later', retryable: true },
  EDQUOT: { what: 'the disk quota is used up', fix: 'free space or write elsewhere', retryable: true },
  EEXIST: { what: 'a part of the path is a file', fix: 'check the path' },
  EFBIG: {
    what: 'the file would exceed the size limit',
    fix: 'raise the limit (ulimit -f) or write smaller chunks',
  },
  EIO: { what: 'the disk reports an error', fix: 'check the disk, or try again later', retryable: true },
  EISDIR: { what: 'it is a folder', fix: 'give the path of a file' },
  ELOOP: { what: 'links point at each other', fix: 'check the links in the path' },
  EMFILE: { what: 'too many open files', fix: 'raise the limit (ulimit -n)', retryable: true },
  ENAMETOOLONG: { what: 'the name is too long', fix: 'choose a shorter name' },
  ENFILE: { what: 'too many open files on this machine', fix: 'try again later', retryable: true },
  ENOENT: { what: 'no such file or folder', fix: 'check the path' },
  ENOSPC: { what: 'no space left on the device', fix: 'free space or write elsewhere', retryable: true },
  ENOTDIR: { what: 'a part of the path is a file', fix: 'check the path' },
  ENOTSUP: { what: 'the file system cannot do that', fix: 'write to another file system' },
  EPERM: { what: 'operation not permitted', fix: 'choose a folder you may write to' },
  EROFS: { what: 'the file system is read-only', fix: 'write elsewhere' },
  ESTALE: { what: 'the network file system lost it', fix: 'try again later', retryable: true },
}

/** A system error as one of ours. */
export function fileFailure(action: 'read' | 'write', path: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code ?? ''
  const reason = REASONS[code] ?? { what: (cause as Error).message, fix: 'check the path and the disk' }
  const fix = code === 'EACCES' && action === 'read' ? 'ask for permission, or read another path' : reason.fix
  return chunkflowError(
    action === 'read' ? 'file-unreadable' : 'file-unwritable',
    `Cannot ${action} ${path}: ${reason.what}`,
    { fix, retryable: reason.retryable ?? false, cause },
  )
}

export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  typeof (error as NodeJS.ErrnoException).code === 'string' &&
  /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException).code!)

/** True for the errors that say that nothing is there. */
export const isMissing = (error: unknown): boolean =>
  isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
