import { type Chunk, createChunk } from '@chunkflow/sdk'
import {
  inlineCompute,
  memoryStore,
  type OperatorRun,
  openStep,
  runOperator,
  runSource,
  testFiles,
} from '@chunkflow/sdk/testing'
import downloadMesh from '../operators/download-mesh.js'
import mesh from '../operators/mesh.js'
import meshManifest from '../operators/mesh-manifest.js'

export const VOLUME = 'file:///v'

/** An anisotropic volume of two scales. */
export const INFO = {
  type: 'segmentation',
  data_type: 'uint64',
  num_channels: 1,
  scales: [
    { key: '4_8_40', resolution: [4, 8, 40] },
    { key: '8_16_40', resolution: [8, 16, 40] },
  ],
}

/** Services over memory, and the three operators that work on one volume unless told otherwise. */
export function setUp({ info = INFO, folder = '.' }: { info?: object | null; folder?: string } = {}) {
  const store = memoryStore()
  const services = { store, compute: inlineCompute(), files: testFiles(folder) }
  const workers = { mesh: new URL('../mesh.worker.ts', import.meta.url) }
  const at = (url: string) => store.storages.get(url)?.objects ?? new Map<string, Uint8Array>()
  const text = (key: string, url = VOLUME): string => new TextDecoder().decode(at(url).get(key))
  const prepare = async (): Promise<void> => {
    const storage = await store.open(VOLUME)
    if (info !== null && (await storage.size('info')) === null)
      await storage.write('info', new TextEncoder().encode(JSON.stringify(info)))
  }
  return {
    store,
    at,
    text,
    json: (key: string, url = VOLUME) => JSON.parse(text(key, url)),
    keys: (url = VOLUME): string[] => [...at(url).keys()].sort(),
    put: async (key: string, value: Uint8Array | string): Promise<void> => {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
      await (await store.open(VOLUME)).write(key, bytes)
    },
    mesh: async (chunk: Chunk, { options, ...rest }: OperatorRun = {}) => {
      await prepare()
      return runOperator(mesh, {
        options: { outputPath: VOLUME, ...options },
        services,
        workers,
        variables: { chunk },
        ...rest,
      })
    },
    /** Two tasks of one run; what was warned of. */
    meshTwice: async (chunk: Chunk, options: OperatorRun['options']): Promise<readonly string[]> => {
      await prepare()
      const step = await openStep(mesh, { options: { outputPath: VOLUME, ...options }, services, workers })
      try {
        await step.run({ chunk })
        return (await step.run({ chunk })).messages.warn
      } finally {
        await step.dispose()
      }
    },
    manifest: async ({ options, ...rest }: OperatorRun = {}) => {
      await prepare()
      return runSource(meshManifest, {
        options: { volumePath: VOLUME, ...options },
        services,
        workers,
        ...rest,
      })
    },
    download: async ({ options, ...rest }: OperatorRun = {}) => {
      await prepare()
      return runOperator(downloadMesh, {
        options: { volumePath: VOLUME, ...options },
        services,
        workers,
        ...rest,
      })
    },
  }
}

/** Boxes of labels in a chunk of 8 × 10 × 12 voxels at 5 -6 7: id 3 (2 × 3 × 4), `large` (3 × 4 × 5), id 71 (one voxel). */
export const LARGE = 2n ** 63n + 1n
export function labelsChunk(): Chunk {
  const data = new BigUint64Array(new SharedArrayBuffer(8 * 8 * 10 * 12))
  const fill = (id: bigint, [z0, z1]: number[], [y0, y1]: number[], [x0, x1]: number[]): void => {
    for (let z = z0!; z < z1!; z++)
      for (let y = y0!; y < y1!; y++) for (let x = x0!; x < x1!; x++) data[(z * 10 + y) * 12 + x] = id
  }
  fill(3n, [1, 3], [1, 4], [1, 5])
  fill(LARGE, [4, 7], [5, 9], [6, 11])
  fill(71n, [6, 7], [1, 2], [9, 10])
  return createChunk(data, [8, 10, 12], { voxelOffset: [5, -6, 7], layerType: 'segmentation' })
}
export const BOX_NAME = '7-19_-6-4_5-13'
