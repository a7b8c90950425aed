import { randomBytes } from 'node:crypto'

/** A message's file name, `SECONDS--ID.json`: the Unix time from which it may be fetched (0: from the start), and who it is. */
export interface Ticket {
  readonly visibleFrom: number
  readonly id: string
}

const NAME = /^(\d+)--([^/]+?)\.json$/

/** Null for files that are no messages. */
export function parseTicket(name: string): Ticket | null {
  const [, seconds, id] = NAME.exec(name) ?? []
  return seconds === undefined || id === undefined ? null : { visibleFrom: Number(seconds), id }
}

export const ticketName = ({ visibleFrom, id }: Ticket): string => `${visibleFrom}--${id}.json`

const STAMP = /--for-([A-Za-z0-9]{1,64})$/

/** What a message was sent with, which is part of its id and so goes wherever its file goes. */
export const stampOf = (id: string): string | undefined => STAMP.exec(id)?.[1]

/**
 * Ids in the order of sending: a time, a number, chance against others who send at the same time, and a stamp if there is
 * one.
 */
export function newIds(count: number, stamp?: string): string[] {
  const end = stamp === undefined ? '' : `--for-${stamp}`
  const time = Date.now().toString(16).padStart(12, '0')
  const chance = randomBytes(6).toString('hex')
  return Array.from(
    { length: count },
    (_, index) => `${time}-${index.toString(16).padStart(6, '0')}-${chance}${end}`,
  )
}
