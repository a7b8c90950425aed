import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { FailedMessage } from '@chunkflow/sdk'
import { folderFailure, isGone, textOf } from './folder.js'
import { stampOf, ticketName } from './ticket.js'

const GRAVEYARD = 'dead'
const SUFFIX = '.json'

/** The files of a message that was put aside. */
export const graveOf = (folder: string, id: string) => {
  const grave = path.join(folder, GRAVEYARD, id)
  return { message: `${grave}${SUFFIX}`, reason: `${grave}.txt` } as const
}

/** Ids of what was put aside, in the order of sending. */
export async function failedIds(folder: string): Promise<string[]> {
  const names = await readdir(path.join(folder, GRAVEYARD)).catch((error: unknown) => {
    if (isGone(error)) return []
    throw error
  })
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort()
}

/** What was put aside; files that somebody takes away meanwhile are left out. @throws queue-unreachable */
export async function* failedMessages(folder: string, signal: AbortSignal): AsyncGenerator<FailedMessage> {
  const attempt = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
    try {
      return await action()
    } catch (error) {
      throw folderFailure(what, folder, error)
    }
  }
  for (const id of await attempt('Cannot list failed tasks', () => failedIds(folder))) {
    if (signal.aborted) return
    const grave = graveOf(folder, id)
    const body = await attempt('Cannot read a failed task', () => textOf(grave.message))
    if (body === null) continue
    const reason = await attempt('Cannot read a failed task', () => textOf(grave.reason))
    const stamp = stampOf(id)
    yield {
      body,
      ...(stamp === undefined ? {} : { stamp }),
      reason: reason?.trim() || 'unknown',
      retry: () =>
        attempt('Cannot offer a failed task again', async () => {
          await rename(grave.message, path.join(folder, 'queue', ticketName({ visibleFrom: 0, id })))
          await rm(grave.reason, { force: true })
        }),
      remove: () =>
        attempt('Cannot delete a failed task', async () => {
          await rm(grave.message, { force: true })
          await rm(grave.reason, { force: true })
        }),
    }
  }
}
