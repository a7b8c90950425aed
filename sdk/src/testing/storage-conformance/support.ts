import assert from 'node:assert/strict'
import { isChunkflowError } from '@chunkflow/kernel/authoring'
import type { Storage } from '../../contracts/storage.js'

/** One thing every storage driver must do. `run` throws when it does not. */
export interface StorageConformanceCase {
  readonly name: string
  run(): Promise<void>
}

/** What a storage may lack; its refusals (storage-unsupported) are checked instead. */
export type StorageAbility = 'conditions' | 'encodings' | 'list' | 'write'

export interface StorageUnderTest {
  readonly storage: Storage
  /** Puts objects where the storage reads them, for storages that cannot write themselves. */
  readonly writer: Storage
}

export interface Case {
  readonly name: string
  readonly needs?: readonly StorageAbility[]
  readonly lacks?: StorageAbility
  readonly check: (tested: StorageUnderTest) => Promise<void>
}

/** Keys that could lead outside, or are no names. */
export const ESCAPING_KEYS = [
  '',
  '.',
  '..',
  '../x',
  'a/../../x',
  '/etc/passwd',
  '/',
  'a//b',
  'a/',
  'a\0b',
  './a',
  'a/..',
]
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

export const textOf = async (storage: Storage, key: string): Promise<string | null> => {
  const object = await storage.read(key)
  return object === null ? null : Buffer.from(object.bytes).toString()
}

export async function keysOf(storage: Storage, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = []
  for await (const key of storage.list(prefix, { signal })) keys.push(key)
  return keys.sort()
}

/** True when the write found that its condition does not hold. */
export async function hasConflict(write: () => Promise<void>): Promise<boolean> {
  try {
    await write()
    return false
  } catch (error) {
    if (isChunkflowError(error) && error.code === 'storage-conflict') return true
    throw error
  }
}

export async function refuses(action: () => Promise<unknown>, code: string, key = ''): Promise<void> {
  await assert.rejects(
    async () => action(),
    (error: unknown) => isChunkflowError(error) && error.code === code,
    `"${key}" was not refused with ${code}`,
  )
}
