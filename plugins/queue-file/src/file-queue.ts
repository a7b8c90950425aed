import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import {
  chunkflowError,
  forEachParallel,
  type Queue,
  type QueueDriver,
  type QueueMessage,
} from '@chunkflow/sdk'
import { failedIds, failedMessages, graveOf } from './failed-messages.js'
import {
  folderFailure,
  isGone,
  openFolder,
  queueFolder,
  requireFolder,
  textOf,
  writeWhole,
} from './folder.js'
import { newIds, parseTicket, stampOf, type Ticket, ticketName } from './ticket.js'

/** How long a task is hidden from others unless somebody says otherwise. */
const VISIBILITY_SECONDS = 3600
/** Files written at once when tasks are sent. */
const WRITES_IN_FLIGHT = 16
/** Workers that list a folder at the same time should not all reach for the same file. */
const SPREAD = 32

/**
 * Queues in folders, for machines that share a file system. A message is a file `queue/SECONDS--ID.json`; whoever renames it
 * to a later time holds it until then, because a name can be renamed away only once.
 */
export const fileQueueDriver = (): QueueDriver => ({
  async open(name, { visibilitySeconds, create = true }) {
    const folder = queueFolder(name)
    try {
      if (!create) await requireFolder(folder)
      const settings = await openFolder(folder, {
        visibilitySeconds: visibilitySeconds ?? VISIBILITY_SECONDS,
      })
      return openQueue(folder, settings.visibilitySeconds)
    } catch (error) {
      throw folderFailure('Cannot open the queue', folder, error)
    }
  },
})

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

function openQueue(folder: string, ownSeconds: number): Queue {
  const messages = path.join(folder, 'queue')
  const fileOf = (ticket: Ticket): string => path.join(messages, ticketName(ticket))
  /** Messages that could be fetched when the folder was last listed. */
  let candidates: Ticket[] = []

  const list = async (): Promise<Ticket[]> => {
    const tickets = (await readdir(messages)).map(parseTicket)
    return tickets.filter((ticket) => ticket !== null)
  }
  const pick = async (): Promise<Ticket | undefined> => {
    if (candidates.length === 0) {
      const now = nowSeconds()
      candidates = (await list()).filter(({ visibleFrom }) => visibleFrom <= now)
      candidates.sort((left, right) => (left.id < right.id ? -1 : 1))
    }
    const [picked] = candidates.splice(Math.floor(Math.random() * Math.min(SPREAD, candidates.length)), 1)
    return picked
  }
  /** Renames a ticket; false when it is no longer under that name. */
  const move = async (from: Ticket, to: string): Promise<boolean> => {
    try {
      await rename(fileOf(from), to)
      return true
    } catch (error) {
      if (isGone(error)) return false
      throw error
    }
  }

  /** False when the ticket is no longer under that name. */
  const remove = async (ticket: Ticket): Promise<boolean> => {
    try {
      await rm(fileOf(ticket))
      return true
    } catch (error) {
      if (isGone(error)) return false
      throw error
    }
  }

  async function hold(ticket: Ticket, seconds: number): Promise<QueueMessage | null> {
    // one more: what is left of the present second does not count
    const until = (): number => nowSeconds() + seconds + 1
    let held: Ticket = { ...ticket, visibleFrom: until() }
    if (!(await move(ticket, fileOf(held)))) return null
    const text = await textOf(fileOf(held))
    // who held it before has finished after all
    if (text === null) return null
    const attempt = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
      try {
        return await action()
      } catch (error) {
        throw folderFailure(what, folder, error)
      }
    }
    const lost = () =>
      chunkflowError('queue-lease-lost', `Task ${text} is no longer held: its time was over`, {
        where: `fq://${folder}`,
        fix: 'choose a --visibility-timeout longer than a task takes',
        retryable: true,
      })
    const stamp = stampOf(held.id)
    return {
      body: text,
      ...(stamp === undefined ? {} : { stamp }),
      seconds,
      extend: () =>
        attempt('Cannot keep a task', async () => {
          const later = { ...held, visibleFrom: until() }
          if (!(await move(held, fileOf(later)))) throw lost()
          held = later
        }),
      acknowledge: () =>
        attempt('Cannot delete a task', async () => {
          if (await remove(held)) return
          // done is done, also when somebody else holds it meanwhile
          for (const other of await list()) if (other.id === held.id) await remove(other)
        }),
      release: () =>
        attempt('Cannot give a task back', async () => {
          await move(held, fileOf({ ...held, visibleFrom: nowSeconds() }))
        }),
      deadLetter: (reason) =>
        attempt('Cannot put a task aside', async () => {
          const grave = graveOf(folder, held.id)
          await writeWhole(grave.reason, `${reason}\n`, folder)
          await move(held, grave.message)
        }),
    }
  }

  return {
    keepsStamps: true,
    async send(bodies, { stamp } = {}) {
      const ids = newIds(bodies.length, stamp)
      try {
        await forEachParallel(bodies.entries(), WRITES_IN_FLIGHT, undefined, ([index, body]) =>
          writeWhole(fileOf({ visibleFrom: 0, id: ids[index]! }), body, folder),
        )
      } catch (error) {
        throw folderFailure('Cannot send tasks', folder, error)
      }
    },
    async receive({ visibilitySeconds, signal }) {
      try {
        while (!signal.aborted) {
          const ticket = await pick()
          if (ticket === undefined) return null
          const message = await hold(ticket, visibilitySeconds || ownSeconds)
          if (message !== null) return message
        }
        return null
      } catch (error) {
        throw folderFailure('Cannot fetch a task', folder, error)
      }
    },
    async counts() {
      try {
        const now = nowSeconds()
        const tickets = await list()
        const waiting = tickets.filter(({ visibleFrom }) => visibleFrom <= now).length
        return { waiting, held: tickets.length - waiting, failed: (await failedIds(folder)).length }
      } catch (error) {
        throw folderFailure('Cannot count tasks', folder, error)
      }
    },
    failed: ({ signal }) => failedMessages(folder, signal),
  }
}
