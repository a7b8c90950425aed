import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { dataFolder } from '../discovery/folders.js'

export interface LockSettings {
  /** The folder that is changed; the lock lies beside it, as the folder itself comes and goes. */
  readonly folder?: string
  readonly waitSeconds?: number
  readonly pollSeconds?: number
  readonly say?: (text: string) => void
}

/**
 * Runs `work` while no other process changes the installed plugins: npm and the record take one writer only. Waits for another
 * one to end; a lock whose process is gone is taken over.
 * @throws plugin-busy when the other one does not end
 */
export async function whileAlone<T>(work: () => Promise<T>, settings: LockSettings = {}): Promise<T> {
  const file = `${settings.folder ?? dataFolder()}.lock`
  await acquire(file, settings)
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

async function acquire(
  file: string,
  { waitSeconds = 600, pollSeconds = 0.5, say = () => {} }: LockSettings,
): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  let announced = false
  for (let waited = 0; ; waited += pollSeconds) {
    if (await create(file)) return
    const owner = await readFile(file, 'utf8').catch(() => '')
    if (isGone(owner)) {
      await takeAway(file, owner)
      continue
    }
    if (waited >= waitSeconds)
      throw chunkflowError('plugin-busy', `Plugins are being changed by ${describe(owner)}`, {
        where: file,
        fix: 'wait for it to end; if there is no such process, delete the file',
        retryable: true,
      })
    if (!announced) say(`waiting for ${describe(owner)}, which changes plugins …`)
    announced = true
    await setTimeout(pollSeconds * 1000)
  }
}

/** @returns false when the lock is there already */
async function create(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx')
    await handle.writeFile(`${process.pid} ${hostname()}`)
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/**
 * Removes the lock of a process that is gone. Another one that waits may have done so already and hold a lock of its own by
 * now: that one is put back.
 */
async function takeAway(file: string, owner: string): Promise<void> {
  const aside = `${file}.${process.pid}-${randomUUID()}`
  try {
    await rename(file, aside)
    if ((await readFile(aside, 'utf8')) !== owner) await link(aside, file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    await rm(aside, { force: true })
  }
}

/** Only processes of this host can be looked for; a lock that says nothing is being written. */
function isGone(owner: string): boolean {
  const [process, host] = owner.split(' ')
  return host === hostname() && !isRunning(Number(process))
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function describe(owner: string): string {
  const [process, host] = owner.split(' ')
  return process ? `process ${process} on ${host}` : 'another process'
}
