import { link, open, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { conflict } from '@chunkflow/sdk/storage'
import { hiddenName, temporaryName } from './atomic-write.js'
import { isMissing, isSystemError } from './failures.js'
import { versionOf } from './read-bytes.js'

/** Gives a finished file its name unless the name is taken: one of several writers wins, the others get a conflict. */
export async function publishIfAbsent(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target)
  } catch (error) {
    throw isTaken(error) ? conflict(target, { ifAbsent: true }) : error
  }
  await rm(temporary)
}

/**
 * Replaces one version of a file. File systems compare and replace in two steps: a lock file keeps other writers with a
 * condition out in between. Writers without one do not ask.
 */
export const publishOver =
  (version: string) =>
  (temporary: string, target: string): Promise<void> =>
    locked(target, async () => {
      const status = await stat(target, { bigint: true }).catch((error: unknown) => {
        if (isMissing(error)) return null
        throw error
      })
      if (status === null || versionOf(status) !== version) throw conflict(target, {})
      await rename(temporary, target)
    })

/** What is locked takes two system calls: a lock this old belongs to a process that was killed. */
const STALE_LOCK_MS = 10_000
const LONGEST_WAIT_MS = 30_000

async function locked(target: string, action: () => Promise<void>): Promise<void> {
  const lock = hiddenName(target, 'lock')
  const started = Date.now()
  while (!(await takeLock(lock))) {
    if (Date.now() - started > LONGEST_WAIT_MS)
      throw Object.assign(new Error('locked by another writer'), { code: 'EBUSY' })
    await breakStaleLock(lock)
    await sleep(2 + Math.random() * 10)
  }
  try {
    await action()
  } finally {
    await rm(lock, { force: true })
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx')).close()
    return true
  } catch (error) {
    if (isTaken(error)) return false
    throw error
  }
}

/** Moves it away first: two writers that find the same old lock must not remove each other's new one. */
async function breakStaleLock(lock: string): Promise<void> {
  const found = await stat(lock).catch(() => null)
  if (found === null || Date.now() - found.mtimeMs < STALE_LOCK_MS) return
  const moved = temporaryName(lock)
  try {
    await rename(lock, moved)
    if ((await stat(moved)).ino !== found.ino) await link(moved, lock)
  } catch (error) {
    if (!isMissing(error) && !isTaken(error)) throw error
  } finally {
    await rm(moved, { force: true })
  }
}

const isTaken = (error: unknown): boolean => isSystemError(error) && error.code === 'EEXIST'
