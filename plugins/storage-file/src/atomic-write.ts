import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/sdk'
import { makeFolder } from '@chunkflow/sdk/storage'
import { fileFailure, isMissing, isSystemError } from './failures.js'

const SUFFIX = '.chunkflow-tmp'
/** Names may have 255 bytes; this leaves room for what is added. */
const LONGEST_NAME_BYTES = 200

/** A name beside the target, hidden, that no two writers share: `.name.12-0a1b2c3d4e5f.chunkflow-tmp`. */
export const temporaryName = (target: string): string =>
  hiddenName(target, `${process.pid}-${randomBytes(6).toString('hex')}`)

/** `.name.mark.chunkflow-tmp`, beside the target and left out of listings. */
export function hiddenName(target: string, mark: string): string {
  const name = Buffer.from(path.basename(target)).subarray(0, LONGEST_NAME_BYTES)
  // a character cut in half at the end is left out
  const kept = new TextDecoder().decode(name).replace(/\uFFFD+$/, '')
  return path.join(path.dirname(target), `.${kept}.${mark}${SUFFIX}`)
}

/** True for a file that an interrupted writer left behind. */
export const isTemporary = (name: string): boolean =>
  path.basename(name).startsWith('.') && name.endsWith(SUFFIX)

/**
 * `produce` fills a temporary file, which is synchronised to disk and renamed. Whatever fails, the target is as before
 * and the temporary file is gone.
 * @param publish puts the finished file in its place; for writers with a condition
 * @throws file-unwritable for errors of the file system and for devices; others as they are
 */
export const writeAtomically = (
  target: string,
  produce: (temporary: string) => Promise<void> | void,
  publish?: Publish,
): Promise<void> =>
  replace(
    target,
    async (temporary) => {
      // made here, so that a missing permission is said as such, whatever library fills the file
      await (await openNew(temporary)).close()
      await produce(temporary)
      await synchronise(temporary)
    },
    publish,
  )

/** The same for bytes that are at hand: with one open file, a third of the system calls. */
export const writeBytesAtomically = (
  target: string,
  bytes: Uint8Array,
  {
    publish,
    signal,
  }: { readonly publish?: Publish | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<void> =>
  replace(
    target,
    async (temporary) => {
      const handle = await openNew(temporary)
      try {
        await handle.writeFile(bytes, signal === undefined ? {} : { signal })
        await handle.sync()
      } finally {
        await handle.close()
      }
    },
    publish,
  )

type Publish = (temporary: string, target: string) => Promise<void>

async function replace(
  target: string,
  fill: (temporary: string) => Promise<void>,
  publish: Publish = rename,
): Promise<void> {
  const temporary = temporaryName(target)
  try {
    await refuseOtherThanFile(target)
    await fill(temporary)
    await publish(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw isSystemError(error) ? fileFailure('write', target, error) : error
  }
}

/** The folder is made when it turns out to be missing: a folder takes many files. */
async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx')
  } catch (error) {
    if (!isMissing(error)) throw error
    await makeFolder(path.dirname(file))
    return open(file, 'wx')
  }
}

/** Renaming over a device or a pipe would remove it; a folder is found out before the work, not after it. */
async function refuseOtherThanFile(target: string): Promise<void> {
  const status = await stat(target).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (status === null || status.isFile()) return
  if (status.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' })
  throw chunkflowError('file-unwritable', `Cannot write ${target}: it is a device or a pipe`, {
    fix: 'give the path of a file',
  })
}

async function synchronise(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
