import { randomBytes } from 'node:crypto'
import { chunkflowError, isChunkflowError, type Logger, token } from '@chunkflow/kernel/authoring'
import { createProcessScope, createRunContainer } from '@chunkflow/kernel/host'
import type { Storage, Store } from '@chunkflow/sdk'
import { openRegistry } from '../discovery/registry.js'

export type Check = readonly ['ok' | 'warn' | 'fail', string]

const STORE = token<Store>('chunkflow.store')
/** For one question, all its tries included. */
const PATIENCE_MS = 60_000

/**
 * What a place of volumes allows, and with which credential. Reads at most one byte of one object.
 * @param write also writes one small object of a new name, and deletes it
 */
export async function checkPlace(place: string, { write }: { readonly write: boolean }): Promise<Check[]> {
  const processScope = createProcessScope()
  const services = createRunContainer(processScope, {
    registry: await openRegistry(),
    logger: silent,
    // a dry run cannot write, whatever goes wrong here
    globals: { mip: 0, dryRun: !write },
  })
  try {
    const { store } = (await services.resolve({ store: STORE })) as { store: Store }
    const storage = await store.open(place)
    return [
      ...(await describe(storage)),
      ...(await listAndRead(storage)),
      write
        ? await ask('write', 'fail', () => writeAndDelete(storage))
        : ['ok', 'write: not tried; --write writes one small object and deletes it again'],
    ]
  } catch (error) {
    return [['fail', sentence(error)]]
  } finally {
    await services.dispose()
    await processScope.dispose()
  }
}

async function describe(storage: Storage): Promise<Check[]> {
  const access = await storage.describeAccess?.()
  if (access === undefined) return [['ok', storage.root]]
  const facts = Object.entries(access.facts).map(([name, value]): Check => ['ok', `${name}: ${value}`])
  return [['ok', storage.root], ['ok', `credential: ${access.credential}`], ...facts]
}

async function listAndRead(storage: Storage): Promise<Check[]> {
  let listed: string | undefined
  // volumes are read without listings
  const list = await ask('list', 'warn', async (signal) => {
    for await (const key of storage.list('', { signal })) {
      listed = key
      return `allowed, ${key} is there`
    }
    return 'allowed, nothing is there'
  })
  const read = await ask('read', 'fail', async (signal) => {
    const key = listed ?? 'info'
    const byte = await storage.readRange(key, 0, 1, { signal })
    return byte === null ? `allowed as far as can be told, there is no ${key}` : `allowed, ${key} can be read`
  })
  return [list, read]
}

async function writeAndDelete(storage: Storage): Promise<string> {
  const key = `chunkflow-doctor-${randomBytes(6).toString('hex')}`
  await storage.write(key, new TextEncoder().encode('written by chunkflow doctor'), {
    contentType: 'text/plain',
    ifAbsent: true,
  })
  try {
    await storage.delete(key)
  } catch (error) {
    throw chunkflowError(
      'storage-denied',
      `allowed, but not to delete: ${key} stays there. ${sentence(error)}`,
      {
        fix: 'delete it by hand',
      },
    )
  }
  return 'allowed, and deleting as well'
}

/** The outcome of one question; what a storage does not have is no failure. */
async function ask(
  name: string,
  denied: 'warn' | 'fail',
  question: (signal: AbortSignal) => Promise<string>,
): Promise<Check> {
  try {
    return ['ok', `${name}: ${await question(AbortSignal.timeout(PATIENCE_MS))}`]
  } catch (error) {
    const unsupported = isChunkflowError(error) && error.code === 'storage-unsupported'
    return [unsupported && denied === 'warn' ? 'ok' : denied, `${name}: ${sentence(error)}`]
  }
}

const sentence = (error: unknown): string => (isChunkflowError(error) ? error.what : (error as Error).message)

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, result() {} }
