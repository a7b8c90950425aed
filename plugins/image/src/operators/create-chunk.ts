import {
  allocate,
  astype,
  type Chunk,
  COMPUTE,
  createChunk,
  defineOperator,
  flag,
  type TypedArray,
  type Zyx,
} from '@chunkflow/sdk'
import { type ComputeServices, connectedComponents } from '@chunkflow/sdk/numerics'
import { randomSource, sineBytes, sineFloats, sineMask } from '../kernels/patterns.js'

const DTYPES = ['uint8', 'uint16', 'uint32', 'uint64', 'float32', 'float64'] as const
type PatternDtype = (typeof DTYPES)[number]

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
    size: flag.integers3({ char: 's', default: [64, 64, 64], minimum: 0, summary: 'size' }),
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
  infer: (_, { size, dtype }) => ({ outputChunkName: { kind: 'chunk', dtype, rank: 3, shape: size } }),
  create: ({ options, services }) => ({
    async run(task, { signal }) {
      const { size, dtype, pattern, seed, voxelOffset, voxelSize } = options
      const make = { sin: makeSine, zero: makeZero, random: makeRandom }[pattern]
      const data = await make(size, dtype, { compute: services.compute, signal }, seed)
      task.set(options.outputChunkName, createChunk(data, size, { dtype, voxelOffset, voxelSize }))
    },
  }),
})

type Make = (
  size: Zyx,
  dtype: PatternDtype,
  services: ComputeServices,
  seed: number | undefined,
) => Promise<TypedArray>

const makeZero: Make = async (size, dtype) => allocate(dtype, size[0] * size[1] * size[2])

const makeSine: Make = async (size, dtype, services) => {
  if (dtype === 'uint8') return sineBytes(size)
  if (dtype === 'float32' || dtype === 'float64') return sineFloats(size, dtype)
  return componentsOf(createChunk(sineMask(size), size), dtype, services)
}

const makeRandom: Make = async (size, dtype, services, seed) => {
  const random = randomSource(seed)
  const count = size[0] * size[1] * size[2]
  const data = allocate(dtype.startsWith('uint') ? 'uint8' : dtype, count) as Float64Array
  const scale = dtype.startsWith('uint') ? 255 : 1
  for (let index = 0; index < count; index++) data[index] = random() * scale
  return dtype === 'uint8' || dtype === 'float32' || dtype === 'float64'
    ? data
    : componentsOf(createChunk(data, size), dtype, services)
}

async function componentsOf(
  chunk: Chunk,
  dtype: PatternDtype,
  services: ComputeServices,
): Promise<TypedArray> {
  return astype(await connectedComponents(chunk, { connectivity: 6 }, services), dtype).data
}
