import { fstatSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { isatty } from 'node:tty'
import type { ViewerContext } from '@chunkflow/sdk'

/** What ended the wait. */
export type WaitEnd = 'page' | 'key' | 'interrupt' | 'input-closed' | 'stopped'

/**
 * Waits for the page's button, q and Enter, Ctrl-C, the end of a terminal or pipe as input, or the end of the run. Input
 * that nobody can type into (`</dev/null`, a file, none) is not looked at.
 * @param input undefined when there is none to look at
 */
export function waitForPerson(
  pressed: Promise<void>,
  { signal, onInterrupt }: Pick<ViewerContext, 'signal' | 'onInterrupt'>,
  input: Readable | undefined,
): Promise<WaitEnd> {
  return new Promise((resolve) => {
    const end = (reason: WaitEnd) => (): void => {
      unregister()
      signal.removeEventListener('abort', stopped)
      input?.off('data', read).off('end', closed).off('close', closed).pause()
      // a paused pipe is still read ahead, which would keep the process alive
      socketOf(input)?.unref()
      resolve(reason)
    }
    const stopped = end('stopped')
    const closed = end('input-closed')
    const typed = end('key')
    let line = ''
    const read = (text: Buffer | string): void => {
      line += text.toString()
      const lines = line.split('\n')
      line = lines.pop()!
      if (lines.some((each) => each.trim().toLowerCase() === 'q')) typed()
    }
    const unregister = onInterrupt(end('interrupt'))
    signal.addEventListener('abort', stopped, { once: true })
    void pressed.then(end('page'))
    if (signal.aborted) stopped()
    else if (input?.readableEnded || input?.destroyed) closed()
    else {
      socketOf(input)?.ref()
      input?.on('data', read).on('end', closed).on('close', closed).resume()
    }
  })
}

/** Terminals and pipes can keep the process alive, or not. */
const socketOf = (input: Readable | undefined): Socket | undefined =>
  input !== undefined && 'unref' in input ? (input as Socket) : undefined

/** The process's input when a person, or a program in their place, can type into it. */
export function personsInput(): Readable | undefined {
  try {
    if (!isatty(0)) {
      const status = fstatSync(0)
      if (!status.isFIFO() && !status.isSocket()) return undefined
    }
    return process.stdin
  } catch {
    // no input at all: the descriptor is closed
    return undefined
  }
}
