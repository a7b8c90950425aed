import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { chunkflowError, type ViewerContext, type ViewerSettings } from '@chunkflow/sdk'
import { isLoopback } from '../server/allowed-host.js'
import { json, type Route } from '../server/reply.js'
import { startServer } from '../server/server.js'
import { staticFiles } from '../server/static-files.js'
import { openBrowser } from './open-browser.js'
import { personsInput, type WaitEnd, waitForPerson } from './wait-for-person.js'

/** A page that is being served. */
export interface Session {
  /** Ends in a slash. */
  readonly url: string
  /** Until the person has finished. */
  wait(): Promise<WaitEnd>
  close(): Promise<void>
}

export interface SessionSettings extends ViewerSettings {
  /** Folder of the page. */
  readonly page: URL
  readonly routes: readonly Route[]
  /** Gives back what the routes work with, after the last answer. */
  readonly release?: () => Promise<void>
  /** What the page's button says; undefined when nobody waits for it. */
  readonly button: string | undefined
}

const DEFAULT_BIND = '127.0.0.1'

/**
 * Serves a page and prints where it is.
 * @throws viewer-address, viewer-options
 */
export async function openSession(settings: SessionSettings, context: ViewerContext): Promise<Session> {
  const { port, bind = DEFAULT_BIND, page, routes, button, release } = settings
  const token = settings.token ?? (isLoopback(bind) ? undefined : randomBytes(16).toString('hex'))
  if (token !== undefined && !/^[\w-]{1,100}$/.test(token))
    throw chunkflowError('viewer-options', 'A --token is made of letters, digits, _ and -', {
      fix: 'choose another, or leave it out: beyond loopback a random one is used',
    })
  let press = (): void => {}
  const pressed = new Promise<void>((resolve) => {
    press = resolve
  })
  const { logger } = context
  const server = await startServer({
    port,
    bind,
    token,
    logger,
    routes: [
      ({ method, path }) => {
        if (path === 'session.json' && method === 'GET') return json({ button: button ?? null })
        if (path !== 'continue' || method !== 'POST' || button === undefined) return undefined
        // after the answer is on its way: the server ends with the wait
        setTimeout(press, 50)
        return json({ finished: true })
      },
      ...routes,
      await staticFiles(fileURLToPath(page)),
    ],
  })
  logger.result('Open this url in browser: ')
  logger.result(server.url)
  if (settings.open) openBrowser(server.url, logger)
  return {
    url: server.url,
    close: async () => {
      await server.close()
      await release?.()
    },
    wait: () => {
      const input = personsInput()
      logger.info(
        `waiting: ${input === undefined ? '' : 'type q and Enter here, '}press Ctrl-C or the button "${button}" on the page when you have finished`,
      )
      return waitForPerson(pressed, context, input)
    },
  }
}
