import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileFailure, isSystemError } from './failures.js'

const SUFFIX = '.chunkflow-tmp'

/** A name beside the target, hidden, that no two writers share. */
const temporaryName = (target: string): string =>
  path.join(
    path.dirname(target),
    `.${path.basename(target).slice(0, 180)}.${process.pid}-${randomBytes(6).toString('hex')}${SUFFIX}`,
  )

/** True for a file that an interrupted writer left behind. */
export const isTemporary = (name: string): boolean =>
  path.basename(name).startsWith('.') && name.endsWith(SUFFIX)

/**
 * `produce` fills a temporary file, which is synchronised to disk and renamed. Whatever fails, the target is as before
 * and the temporary file is gone.
 * @throws file-unwritable for errors of the file system; others as they are
 */
export async function writeAtomically(
  target: string,
  produce: (temporary: string) => Promise<void> | void,
): Promise<void> {
  const temporary = temporaryName(target)
  try {
    await mkdir(path.dirname(target), { recursive: true })
    await produce(temporary)
    const handle = await open(temporary, 'r+')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw isSystemError(error) ? fileFailure('write', target, error) : error
  }
}
