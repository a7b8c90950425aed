import {
  arithmetic,
  astype,
  type Chunk,
  chunkflowError,
  chunkOf,
  createChunk,
  defineOperator,
  describeChunk,
  FILES,
  flag,
  isFloat,
  looksLikeAffinityMap,
  spatialSize,
  squeezeChannel,
} from '@chunkflow/sdk'
import { encodePng } from '../codec.js'
import { sectionName } from '../section-name.js'

export default defineOperator({
  name: 'save-pngs',
  aliases: ['write-pngs'],
  summary: 'Save a chunk as one grey PNG a section',
  description:
    'Maps in [0, 1] are scaled by 255; of affinity maps the mean of the second and third channel (y and z) is saved.',
  examples: ['create-chunk --size 4 16 16 save-pngs --output-path sections'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    dtype: flag.text({
      char: 't',
      choices: ['uint8', 'uint16'],
      default: 'uint8',
      summary: 'bits of a pixel: 8 or 16',
    }),
    outputPath: flag.text({ char: 'o', default: './pngs/', summary: 'folder, made when missing' }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services, logger }) {
    const folder = options.outputPath.replace(/\/*$/, '/')
    return {
      async run(task, { progress }) {
        const chunk = greyLevels(chunkOf(task, options.inputChunkName), options.dtype)
        const [depth, height, width] = spatialSize(chunk)
        const bar = progress.start(`writing ${folder}`, depth, 'sections')
        try {
          for (let z = 0; z < depth; z++) {
            const pixels = (chunk.data as Uint8Array).slice(z * height * width, (z + 1) * height * width)
            await services.files.write(
              `${folder}${sectionName(chunk.voxelOffset[0] + z)}`,
              await encodePng(pixels, width, height),
            )
            bar.advance()
          }
        } finally {
          bar.end()
        }
      },
      dryRun: (task) =>
        logger.info(
          `dry run: would write ${chunkOf(task, options.inputChunkName).shape.at(-3)} sections to ${folder}`,
        ),
    }
  },
})

function greyLevels(chunk: Chunk, dtype: 'uint8' | 'uint16'): Chunk {
  const single = looksLikeAffinityMap(chunk) ? meanOfYAndZ(chunk) : chunk
  if (single.shape.length === 4 && single.shape[0] !== 1)
    throw chunkflowError('png-unsupported', `save-pngs takes one channel, not ${describeChunk(chunk)}`, {
      fix: 'choose a channel, quantize an affinity map, or use channel-voting',
    })
  const flat = squeezeChannel(single)
  return astype(
    isFloat(flat.dtype) && flat.layerType === 'probability_map' ? arithmetic(flat, 'multiply', 255) : flat,
    dtype,
  )
}

function meanOfYAndZ(chunk: Chunk): Chunk {
  const size = spatialSize(chunk)
  const voxels = size[0] * size[1] * size[2]
  const values = chunk.data as Float32Array
  const mean = new Float32Array(voxels)
  for (let index = 0; index < voxels; index++)
    mean[index] = (values[voxels + index]! + values[2 * voxels + index]!) / 2
  return createChunk(mean, size, { voxelOffset: chunk.voxelOffset, voxelSize: chunk.voxelSize })
}
