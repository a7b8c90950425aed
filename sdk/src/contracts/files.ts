import { refuseMethods, token } from '@chunkflow/kernel/authoring'

export interface FileStatus {
  readonly kind: 'file' | 'directory'
  readonly bytes: number
}

/**
 * Files of this machine, for formats whose libraries want a path. Paths may begin with `~`.
 * In a dry run everything that changes a file is refused.
 */
export interface Files {
  /** Absolute path; `~` expanded. */
  resolve(path: string): string
  /** Null when nothing is there. */
  status(path: string): Promise<FileStatus | null>
  read(path: string): Promise<Uint8Array>
  /** Names in a directory, sorted. */
  list(path: string): Promise<string[]>
  /**
   * Makes a file whole or not at all: `produce` fills a temporary file beside it, which is then renamed. The temporary
   * file is removed when `produce` fails. Missing parent directories are made.
   */
  writeAtomic(path: string, produce: (temporaryPath: string) => Promise<void> | void): Promise<void>
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Creates an empty file, or updates the time of an existing one. */
  touch(path: string): Promise<void>
  remove(path: string): Promise<void>
}

export const FILES = token<Files>('chunkflow.files', {
  readOnly: (files) => refuseMethods(files, ['writeAtomic', 'write', 'touch', 'remove'], 'the file system'),
})
