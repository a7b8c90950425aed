import path from 'node:path'
import type { AnyOperator, Chunk, Store } from '@chunkflow/sdk'
import {
  askPython,
  inlineCompute,
  type OperatorResult,
  type OperatorRun,
  runOperator,
  serviceFamily,
  temporaryFolder,
} from '@chunkflow/sdk/testing'
import { openFileStorage } from '../../../storage-file/src/file-storage.js'
import { createStore } from '../../../storage-file/src/store.js'
import loadZarr from '../operators/load-zarr.js'
import saveZarr from '../operators/save-zarr.js'

type Values = Readonly<Record<string, unknown>>

export const WORKER = new URL('../zarr.worker.ts', import.meta.url)

/** STORE over real folders, relative paths below one. */
export function folderStore(root: string): Store {
  const store = createStore(serviceFamily({ file: { open: openFileStorage } }))
  const below = (text: string): string => (text.includes('://') ? text : path.resolve(root, text))
  return { normalize: (text) => store.normalize(below(text)), open: (text) => store.open(below(text)) }
}

/** A folder with the two operators at work in it. */
export function zarrFolder() {
  const folder = temporaryFolder()
  const store = folderStore(folder.path)
  const compute = inlineCompute()
  const run = (
    definition: AnyOperator,
    options: Values,
    variables: Values,
    more: Omit<OperatorRun, 'options' | 'variables' | 'services' | 'workers'> = {},
  ): Promise<OperatorResult> =>
    runOperator(definition, {
      options: options as never,
      variables,
      services: { store, compute },
      workers: { zarr: WORKER },
      ...more,
    })
  const load = (options: Values, variables: Values = {}, more = {}): Promise<OperatorResult> =>
    run(loadZarr, options, variables, more)
  return {
    ...folder,
    store,
    compute,
    file: (name: string): string => path.join(folder.path, name),
    save: (chunk: Chunk, options: Values, more: Parameters<typeof run>[3] & { variables?: Values } = {}) => {
      const { variables, ...rest } = more
      return run(saveZarr, options, { chunk, ...variables }, rest)
    },
    load,
    /** What load-zarr leaves in `chunk`. */
    read: async (options: Values, variables: Values = {}): Promise<Chunk> =>
      (await load(options, variables)).task.get<Chunk>('chunk'),
    /** Runs Python with zarr and numpy in the folder; null, and a line on the console, when it is missing. */
    python: (code: string): string | null =>
      askPython(['zarr', 'numpy'], `import json, zarr, numcodecs, numpy as np\n${code}`, {
        cwd: folder.path,
      }),
  }
}

/** True when two chunks have the same shape and the same voxels, bit for bit. */
export const sameVoxels = (one: Chunk, other: Chunk): boolean =>
  one.dtype === other.dtype &&
  one.shape.join() === other.shape.join() &&
  Buffer.compare(bytesOf(one), bytesOf(other)) === 0

export const bytesOf = ({ data }: Chunk): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength)
