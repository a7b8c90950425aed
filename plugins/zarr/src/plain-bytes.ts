import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { StoredObject } from '@chunkflow/sdk'

const decompress = promisify(gunzip)

/** Some servers compress what they store as plain. */
export const plainBytes = async ({ bytes, contentEncoding }: StoredObject): Promise<Uint8Array> =>
  contentEncoding === 'gzip' && bytes[0] === 0x1f && bytes[1] === 0x8b
    ? new Uint8Array(await decompress(bytes))
    : bytes
