/** What makes operators run that need more than their defaults and a uint8 chunk. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { boxFromSize, type Chunk, createChunk, emptyChunk, type Zyx } from '@chunkflow/sdk'
import { type ConformanceSettings, ODD_PLACEMENT, ODD_SHAPE, randomChunk } from '@chunkflow/sdk/testing'
import { chunkflow } from '../../cli/src/api/chain.js'
import { filesIn } from '../pipelines/chunkflow.js'

/** Operators whose steps cannot run here, with the reason. Their declaration is checked all the same. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  'cloud-watch': 'it sends to a cloud; what it sends is tested beside it against a local server',
  'delete-task-in-queue': 'it takes tasks of a queue only; its acknowledgement is tested beside it',
  'export-onnx': 'it needs PyTorch and a model; it is tested beside it',
  neuroglancer: 'it waits for a person',
  'remap-segmentation': 'its ids go on from one task to the next, which is tested beside it',
  view: 'it waits for a person',
}

const INTEGERS = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'] as const
const MAPS = ['uint8', 'float16', 'float32', 'float64'] as const
const image = (size: Zyx = ODD_SHAPE) => randomChunk(size, { dtype: 'uint8', ...ODD_PLACEMENT })
const bbox = boxFromSize(ODD_PLACEMENT.voxelOffset, ODD_SHAPE)

/** Smooth affinities, whose regions are some voxels wide as those of images are. */
function affinities(size: Zyx): Chunk {
  const { data } = emptyChunk('float32', [3, ...size])
  const voxels = data.length / 3
  for (let index = 0; index < data.length; index++) {
    const at = index % voxels
    const [y, x] = [Math.floor(at / size[2]) % size[1], at % size[2]]
    data[index] = 0.5 + 0.24 * (Math.sin(x / 3) + Math.cos(y / 4)) + 0.01 * Math.sin(at / (size[1] * size[2]))
  }
  return createChunk(data, [3, ...size], ODD_PLACEMENT)
}

/** Two presynapses inside the sample, one of them with a postsynapse. */
const synapses = () => ({
  pre: { shape: [2, 3], dtype: 'int32', data: new Int32Array([9, 1, 18, 8, 2, 13]) },
  post: { shape: [1, 4], dtype: 'int32', data: new Int32Array([1, 8, 2, 14]) },
  resolution: ODD_PLACEMENT.voxelSize,
})

const skels = () =>
  new Map([
    [
      7n,
      {
        vertices: { shape: [2, 3], dtype: 'float32', data: new Float32Array([40, 8, 4, 80, 8, 4]) },
        edges: { shape: [1, 2], dtype: 'uint32', data: new Uint32Array([0, 1]) },
        radii: new Float32Array([4, 8]),
      },
    ],
  ])

/** @param folder for files; each operator gets one of its own below it */
export async function conformanceSettings(
  folder: string,
): Promise<Readonly<Record<string, ConformanceSettings>>> {
  const file = (name: string): string => path.join(folder, name)
  mkdirSync(folder, { recursive: true })
  /** Saves the sample with another operator, for one that loads. */
  const saved = (operator: string, options: Record<string, unknown>): Promise<unknown> =>
    chunkflow({ variables: { chunk: image() } })
      .step(operator, options)
      .run()
  await saved('save-h5', { fileName: file('load-h5/a.h5') })
  await saved('save-npy', { fileName: file('load-npy/a.npy') })
  await saved('save-mrc', { fileName: file('load-mrc/a.mrc') })
  await saved('save-nrrd', { fileName: file('load-nrrd/a.nrrd') })
  await saved('save-tif', { fileName: file('load-tif/a.tif') })
  await saved('save-pngs', { outputPath: file('load-png/') })
  await saved('save-zarr', { store: file('load-zarr/a.zarr'), voxelOffset: [...ODD_PLACEMENT.voxelOffset] })
  await chunkflow({ variables: { syns: synapses() } })
    .step('save-synapses', { filePath: file('load-synapses/a.h5') })
    .run()
  await saved('save-json', { inputName: 'chunk', filePath: file('load-json/a.json') })
  await chunkflow({ variables: { skels: skels() } })
    .step('save-swc', { outputPrefix: file('load-skeleton/') })
    .run()
  const fragments = `file://${file('aggregate-skeleton-fragments')}`
  await chunkflow({ variables: { chunk: randomChunk(ODD_SHAPE, { dtype: 'uint32', ...ODD_PLACEMENT }) } })
    .step('skeletonize', { outputPath: fragments, dustThreshold: 3 })
    .run()
  const volume = (operator: string) => ({
    volumePath: `file://${file(operator)}/volume`,
  })
  // the sample is one block of it
  const { voxelOffset } = ODD_PLACEMENT
  const layout = { blockSize: [...ODD_SHAPE], volumeStart: [...voxelOffset], volumeSize: [10, 18, 42] }
  for (const operator of ['load-precomputed', 'skip-task-by-blocks-in-volume', 'transfer'])
    await saved('save-precomputed', { ...volume(operator), ...layout })
  await saved('create-info', {
    ...volume('downsample-upload'),
    blockSize: [5, 9, 14],
    volumeSize: [10, 18, 42],
    voxelOffset: [...voxelOffset],
    factor: [1, 1, 1],
    maxMip: 2,
  })
  await saved('save-precomputed', { ...volume('mask'), ...layout })
  await saved('save-precomputed', { ...volume('verify-volume'), ...layout, volumeSize: [...ODD_SHAPE] })
  for (const operator of ['download-mesh', 'mesh-manifest']) {
    await saved('save-precomputed', { ...volume(operator), ...layout })
    await saved('mesh', { outputPath: volume(operator).volumePath, manifest: operator === 'download-mesh' })
  }

  /** Content of everything in an operator's folder. */
  const outside = (operator: string) => (): string => {
    mkdirSync(file(operator), { recursive: true })
    return filesIn(file(operator))
      .map(
        (name) =>
          `${name} ${createHash('sha256')
            .update(readFileSync(file(`${operator}/${name}`)))
            .digest('hex')}`,
      )
      .join('\n')
  }
  const settings: Record<string, ConformanceSettings> = {
    'adjust-bbox': { options: { cornerOffset: [1, 2, 3, -1, -2, -3] }, variables: () => ({ bbox }) },
    'adjust-pre': {
      options: { radius: 2 },
      variables: (size) => ({ syns: synapses(), chunk: image(size) }),
      dtypes: INTEGERS,
    },
    agglomerate: { variables: (size) => ({ chunk: affinities(size) }), dtypes: ['float16', 'float32'] },
    'aggregate-skeleton-fragments': {
      options: { fragmentsPath: fragments, prefix: '1', dustThreshold: 0 },
    },
    'channel-voting': { sample: { dtype: 'float32', channels: 3 } },
    clahe: { options: { tileSize: 8 }, dtypes: ['uint8'] },
    'connected-components': {
      options: { threshold: 100 },
      dtypes: [...INTEGERS, 'float16', 'float32', 'float64'],
    },
    'copy-var': { options: { toName: 'copy' } },
    'create-chunk': { options: { size: [3, 4, 5] } },
    'create-info': { options: { ...volume('create-info'), blockSize: [4, 4, 4] } },
    'crop-margin': { options: { marginSize: [1, 2, 3] } },
    'delete-var': { options: { varNames: ['chunk'] } },
    'detect-duplicate-post': { variables: () => ({ syns: synapses() }) },
    'detect-points': { options: { minDistance: 2 }, dtypes: MAPS },
    'detect-pre-synapses': {
      options: { minDistance: 2 },
      variables: (size) => ({ chunk: image(size), bbox }),
      dtypes: MAPS,
    },
    // blocks of the coarser grid begin at multiples of the factor
    downsample: { dtypes: [...INTEGERS, 'float32'], positionDependent: true },
    'download-mesh': {
      options: { ...volume('download-mesh'), input: '3,5,150', outPre: `file://${file('download-mesh')}/` },
    },
    'downsample-upload': { options: { ...volume('downsample-upload'), stopMip: 2 }, positionDependent: true },
    'evaluate-segmentation': {
      options: { json: file('evaluate-segmentation/scores.json') },
      sample: { dtype: 'uint32' },
      dtypes: ['uint32', 'uint64'],
    },
    'fill-segmentation-holes': { sample: { dtype: 'uint32' }, dtypes: ['uint32', 'uint64'] },
    'find-tbar-object': {
      variables: (size) => ({ syns: synapses(), chunk: image(size) }),
      dtypes: INTEGERS,
    },
    'gaussian-filter': { dtypes: ['uint8', 'uint16', 'float16', 'float32', 'float64'] },
    inference: {
      options: { framework: 'identity', inputPatchSize: [5, 9, 14], outputPatchOverlap: [1, 1, 2] },
      // a whole number of patches
      variables: ([depth, height, width]) => ({
        chunk: image([depth - ((depth - 1) % 4), height - ((height - 1) % 8), width - ((width - 2) % 12)]),
      }),
      memorySampleBytes: 2 << 20,
    },
    'load-h5': { options: { fileName: file('load-h5/a.h5') } },
    'load-json': { options: { filePath: file('load-json/a.json') } },
    'load-mrc': { options: { fileName: file('load-mrc/a.mrc') } },
    'load-npy': { options: { fileName: file('load-npy/a.npy') } },
    'load-nrrd': { options: { fileName: file('load-nrrd/a.nrrd') } },
    'load-png': { options: { path: file('load-png/') } },
    'load-precomputed': { options: volume('load-precomputed') },
    'load-skeleton': { options: { path: file('load-skeleton') } },
    'load-synapses': { options: { filePath: file('load-synapses/a.h5') } },
    'load-tif': { options: { fileName: file('load-tif/a.tif') } },
    'load-zarr': { options: { store: file('load-zarr/a.zarr') } },
    'mark-complete': { options: { prefix: file('mark-complete/done-') }, variables: () => ({ bbox }) },
    mask: { options: { ...volume('mask'), mip: 0 }, positionDependent: true },
    'mask-out-objects': { options: { selectedObjIds: '3,5,150' }, sample: { dtype: 'uint32' } },
    'median-filter': { options: { size: [3, 3, 2] }, dtypes: [...INTEGERS, 'float16', 'float32', 'float64'] },
    mesh: {
      options: { outputPath: `file://${file('mesh')}`, outputFormat: 'ply' },
      sample: { dtype: 'uint32' },
      dtypes: ['uint8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'],
    },
    'mesh-manifest': { options: volume('mesh-manifest') },
    multiply: { options: { multiplierName: 'mask' }, dtypes: ['uint8', 'uint64', 'float32'] },
    'normalize-contrast': { dtypes: ['uint8'] },
    'normalize-section-contrast': { dtypes: ['uint8'] },
    plugin: { options: { file: 'inverse', inputNames: ['chunk'] } },
    'print-max-id': { sample: { dtype: 'uint64' } },
    quantize: { sample: { dtype: 'float32' } },
    'rescale-intensity': { options: { low: 10, high: 90 } },
    'save-h5': {
      options: { fileName: file('save-h5/a.h5') },
      dtypes: [...INTEGERS, 'float16', 'float32', 'float64'],
    },
    'save-json': {
      options: { filePath: file('save-json/a.json') },
      variables: () => ({ dict: { answer: 42 } }),
    },
    'save-mrc': {
      options: { fileName: file('save-mrc/a.mrc') },
      dtypes: ['uint8', 'int8', 'uint16', 'int16', 'float16', 'float32'],
    },
    'save-npy': {
      options: { fileName: file('save-npy/a.npy') },
      dtypes: [...INTEGERS, 'float16', 'float32', 'float64'],
    },
    'save-nrrd': { options: { fileName: file('save-nrrd/a.nrrd') } },
    'save-pngs': { options: { outputPath: file('save-pngs/') } },
    'save-precomputed': { options: { ...volume('save-precomputed'), ...layout }, positionDependent: true },
    'save-points': {
      options: { filePath: file('save-points/a.h5') },
      variables: () => ({ point_cloud: { points: synapses().pre, voxelSize: ODD_PLACEMENT.voxelSize } }),
    },
    'save-swc': { options: { outputPrefix: file('save-swc/') }, variables: () => ({ skels: skels() }) },
    'save-synapses': {
      options: { filePath: file('save-synapses/a.h5') },
      variables: () => ({ syns: synapses() }),
    },
    'save-tif': { options: { fileName: file('save-tif/a.tif') } },
    'save-zarr': {
      options: { store: file('save-zarr/a.zarr'), shape: [20, 40, 60], voxelOffset: [...voxelOffset] },
      positionDependent: true,
    },
    skeletonize: {
      options: { outputPath: `file://${file('skeletonize')}`, dustThreshold: 2 },
      sample: { dtype: 'uint32' },
      // the sample's values are negative in int8, which ids are not
      dtypes: INTEGERS.filter((dtype) => dtype !== 'int8'),
    },
    'skip-all-zero': { options: { prefix: file('skip-all-zero/empty-') } },
    'skip-none': {
      options: { prefix: file('skip-none/empty-') },
      variables: () => ({ chunk: image(), bbox }),
    },
    'skip-task-by-blocks-in-volume': {
      options: volume('skip-task-by-blocks-in-volume'),
      variables: () => ({ bbox: bbox }),
    },
    'skip-task-by-file': {
      options: { prefix: file('skip-task-by-file/done-') },
      variables: () => ({ bbox }),
    },
    snapshot: { options: { fileName: file('snapshot/a.png') } },
    transfer: {
      options: {
        sourceVolume: `file://${file('transfer')}/volume`,
        targetVolume: `file://${file('transfer')}/copy`,
      },
    },
    threshold: { dtypes: [...INTEGERS, 'float16', 'float32', 'float64'] },
    'verify-volume': {
      options: { ...volume('verify-volume'), taskFile: file('verify-volume/lost.txt') },
    },
  }
  return Object.fromEntries(
    Object.entries(settings).map(([name, given]) => [name, { outside: outside(name), ...given }]),
  )
}
