import { access, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { chunkflowError, isChunkflowError } from '@chunkflow/sdk'
import { expandHome, makeFolder } from '@chunkflow/sdk/storage'
import { newIds } from './ticket.js'

/** Absolute path of a queue's folder; a leading `~` is the home folder. @throws queue-name-invalid */
export function queueFolder(name: string): string {
  if (name === '' || name.includes('\0'))
    throw chunkflowError('queue-name-invalid', `"${name}" is not the folder of a queue`, {
      fix: 'write fq:///data/queue, or fq://queue for a folder below the working directory',
    })
  return path.resolve(expandHome(name))
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '')

/** True when the file is no longer under that name. */
export const isGone = (error: unknown): boolean => codeOf(error) === 'ENOENT'

/** What is in a file; null when there is none. */
export const textOf = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').catch((error: unknown) => {
    if (isGone(error)) return null
    throw error
  })

/** An error of the file system as one of ours. */
export function folderFailure(what: string, folder: string, cause: unknown): Error {
  if (isChunkflowError(cause)) return cause
  return chunkflowError('queue-unreachable', `${what}: ${(cause as Error).message}`, {
    where: `fq://${folder}`,
    fix: 'check that the folder exists on this machine, that it may be written to, and that the disk has room',
    retryable: ['EBUSY', 'EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ESTALE'].includes(codeOf(cause)),
    cause,
  })
}

/**
 * Makes a file whole, on disk, or not at all. The temporary file lies in `staging`, on the same file system as the target
 * but out of the way of those who list it.
 */
export async function writeWhole(target: string, text: string, staging: string): Promise<void> {
  const temporary = path.join(staging, `.${newIds(1)[0]}.chunkflow-tmp`)
  try {
    await makeFolder(path.dirname(target))
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** What a queue was made with. */
export interface QueueSettings {
  readonly visibilitySeconds: number
}

const SETTINGS = 'settings.json'

/** @throws queue-missing */
export async function requireFolder(folder: string): Promise<void> {
  const isThere = await access(path.join(folder, 'queue')).then(
    () => true,
    (error: unknown) => !isGone(error),
  )
  if (!isThere)
    throw chunkflowError('queue-missing', 'There is no queue', {
      where: `fq://${folder}`,
      fix: 'check the name; generate-tasks --queue-name makes queues',
    })
}

/** The settings of the queue in a folder, which is made when it is missing. @throws queue-unreachable */
export async function openFolder(folder: string, wanted: QueueSettings): Promise<QueueSettings> {
  const file = path.join(folder, SETTINGS)
  await makeFolder(path.join(folder, 'queue'))
  const text = await textOf(file)
  if (text === null) {
    await writeWhole(file, `${JSON.stringify(wanted)}\n`, folder)
    return wanted
  }
  const { visibilitySeconds } = parseSettings(text)
  if (typeof visibilitySeconds === 'number' && visibilitySeconds > 0) return { visibilitySeconds }
  throw chunkflowError('queue-unreachable', `${file} does not say how long a task is hidden`, {
    fix: 'write {"visibilitySeconds": 3600}, or delete the file',
  })
}

function parseSettings(text: string): Partial<QueueSettings> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<QueueSettings>
  } catch {
    return {}
  }
}
