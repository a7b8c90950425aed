import {
  astype,
  bytesPerElement,
  type Chunk,
  COMPUTE,
  createChunk,
  defineOperator,
  emptyChunk,
  flag,
  productZyx,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import { randomBytes, randomFloats, sineBytes, sineFloats, sineMask } from '../kernels/patterns.js'
import { inferredType } from '../result-type.js'

const DTYPES = ['uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'] as const

export default defineOperator({
  name: 'create-chunk',
  summary: 'Make a chunk for tests and trials',
  description:
    'Pattern sin is a wave: an image for uint8, a map for floats, the connected components of its crests for uint16, uint32 and uint64. Random integers of those types are components of noise as well.',
  examples: [
    'create-chunk --size 16 64 64 --dtype uint32 debug',
    'create-chunk --pattern random --seed 1 --voxel-size 40 4 4 save-h5 -f noise.h5',
  ],
  flags: {
    size: flag.integers3({ char: 's', default: [64, 64, 64], minimum: 1, summary: 'size in voxels' }),
    dtype: flag.text({ char: 'd', choices: DTYPES, default: 'uint8', summary: 'element type' }),
    pattern: flag.text({
      char: 'p',
      choices: ['sin', 'zero', 'random'],
      default: 'sin',
      shorthands: { 'all-zero': 'zero', 'not-all-zero': 'sin' },
      summary: 'what the voxels are',
    }),
    voxelOffset: flag.integers3({
      char: 't',
      default: [0, 0, 0],
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.integers3({ char: 'e', default: [1, 1, 1], minimum: 1, summary: 'nm' }),
    seed: flag.integer({
      minimum: 0,
      defaultText: 'another each time',
      summary: 'makes the random pattern repeatable',
    }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer: (_, { size, dtype }) => ({ outputChunkName: inferredType({ dtype, shape: size }) }),
  estimate(_, { size, dtype, pattern }) {
    // labels are made as uint32, of a pattern in bytes
    const labels = pattern !== 'zero' && !PLAIN.includes(dtype)
    return { bytes: productZyx(size) * (bytesPerElement(dtype) + (labels ? 5 : 0)) }
  },
  create: ({ options, services }) => ({
    async run(task, { signal }) {
      const { size, dtype, voxelOffset, voxelSize } = options
      const data = await fill(options, { compute: services.compute, signal })
      task.set(options.outputChunkName, createChunk(data, size, { dtype, voxelOffset, voxelSize }))
    },
  }),
})

const PLAIN: readonly string[] = ['uint8', 'float32', 'float64']

interface Filling {
  readonly size: Zyx
  readonly dtype: (typeof DTYPES)[number]
  readonly pattern: 'sin' | 'zero' | 'random'
  readonly seed: number | undefined
}

async function fill({ size, dtype, pattern, seed }: Filling, services: ComputeServices): Promise<TypedArray> {
  if (pattern === 'zero') return emptyChunk(dtype, size).data
  const random = pattern === 'random'
  if (dtype === 'uint8') return random ? randomBytes(size, seed) : sineBytes(size)
  if (dtype === 'float32' || dtype === 'float64')
    return random ? randomFloats(size, dtype, seed) : sineFloats(size, dtype)
  const { connectedComponents } = await import('@chunkflow/sdk/numerics')
  const chunk: Chunk = createChunk(random ? randomBytes(size, seed) : sineMask(size), size)
  return astype(await connectedComponents(chunk, { connectivity: 6 }, services), dtype).data
}
