import {
  type Chunk,
  channelOf,
  chunkflowError,
  chunkOf,
  defineOperator,
  describeChunk,
  FILES,
  flag,
  looksLikeAffinityMap,
  spatialSize,
  squeezeChannel,
} from '@chunkflow/sdk'
import { greyScaling, meanOf, toGrey } from '../kernels/grey.js'
import { encodePng } from '../png-image.js'
import { sectionName } from '../section-name.js'

const MAXIMA = { uint8: 255, uint16: 65535 } as const

export default defineOperator({
  name: 'save-pngs',
  aliases: ['write-pngs', 'save-png', 'write-png'],
  summary: 'Save sections as grey PNG images, named by their global z',
  description:
    'Floats in [0, 1] are scaled to the whole range (255, or 65535 with --dtype uint16) and truncated; other values must fit as they are. Of an affinity map the mean of the y and x affinities (channels 1 and 2) is shown. Images in the folder with the same name are replaced.',
  examples: [
    'create-chunk --size 4 32 48 save-pngs -o pngs',
    'create-chunk --size 2 16 24 --dtype uint16 save-pngs -t uint16',
  ],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input', 'input-name'], kind: 'chunk' }),
    dtype: flag.text({
      char: 't',
      choices: ['uint8', 'uint16'],
      default: 'uint8',
      summary: 'bits of the grey values',
    }),
    outputPath: flag.text({ char: 'o', default: './pngs/', summary: 'folder, made when missing' }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services: { files }, logger }) {
    const maximum = MAXIMA[options.dtype]
    const folder = options.outputPath.replace(/\/*$/, '/')
    return {
      async run(task, { signal, progress }) {
        const chunk = chunkOf(task, options.inputChunkName)
        const volumes = greyVolumes(chunk)
        const [depth, height, width] = spatialSize(chunk)
        if (chunk.data.length === 0)
          throw chunkflowError('png-options', `${describeChunk(chunk)} is empty: an image needs pixels`, {
            fix: 'crop less',
          })
        const scalings = volumes.map(({ data, dtype }) => greyScaling(data, dtype, maximum))
        const scaling = scalings.every((each) => each === scalings[0]) ? scalings[0]! : null
        if (scaling === null)
          throw chunkflowError(
            'png-range',
            `${options.inputChunkName} (${describeChunk(chunk)}) has values that do not fit ${options.dtype} grey values of 0 to ${maximum}`,
            {
              fix:
                options.dtype === 'uint8'
                  ? 'save with --dtype uint16, or bring the values into range first (quantize, rescale-intensity)'
                  : 'bring the values into range first (rescale-intensity), or save labels with save-tif',
            },
          )
        const bar = progress.start(`writing ${folder}`, depth, 'sections')
        try {
          for (let section = 0; section < depth; section++) {
            signal.throwIfAborted()
            const [first, end] = [section * height * width, (section + 1) * height * width]
            const [voxels, other] = volumes.map(({ data }) => (data as Float32Array).subarray(first, end))
            const shown = other === undefined ? voxels! : meanOf(voxels!, other)
            const png = await encodePng(width, height, toGrey(shown, chunk.dtype, maximum, scaling), 1)
            await files.write(`${folder}${sectionName(chunk.voxelOffset[0] + section)}`, png)
            bar.advance()
          }
        } finally {
          bar.end()
        }
      },
      dryRun(task) {
        const [{ shape, voxelOffset }] = greyVolumes(chunkOf(task, options.inputChunkName)) as [Chunk]
        const names = [voxelOffset[0], voxelOffset[0] + shape[0]! - 1].map((z) => sectionName(z))
        logger.info(`dry run: would write ${shape[0]} images, ${names.join(' to ')}, to ${folder}`)
      },
    }
  },
})

/** What is shown: a 3-D chunk or single channel, or two channels of which it is the mean. */
const greyVolumes = (chunk: Chunk): readonly Chunk[] =>
  looksLikeAffinityMap(chunk) ? [channelOf(chunk, 1), channelOf(chunk, 2)] : [squeezeChannel(chunk)]
