import { COMPUTE, chunkflowError, chunkOf, defineOperator, flag, rank, spatialSize } from '@chunkflow/sdk'
import { equalizeSections, tileGrid } from '../kernels/clahe.js'
import { requireDtype, resultBytes } from '../result-type.js'

const FIX = 'convert it first: rescale-intensity makes 0 to 255 of a range'
/** A tile of fewer voxels than there are values has no histogram to speak of. */
const FEW_VOXELS = 256

export default defineOperator({
  name: 'clahe',
  summary: 'Equalise the contrast of every section tile by tile, with a limit',
  description:
    'Contrast limited adaptive histogram equalisation, the result of OpenCV. A tile should hold some hundred voxels or more: the default number of tiles, that of the plugin of this name, is for sections of tens of thousands of voxels. Tiles belong to the chunk: neighbouring chunks are equalised differently.',
  examples: ['create-chunk clahe --tile-size 32 debug', 'create-chunk clahe --tiles 2 --clip-limit 5 debug'],
  flags: {
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
    clipLimit: flag.number({
      char: 'l',
      default: 20,
      minimum: 0,
      summary: 'how often a value may occur in a tile, in average counts; 0: no limit',
    }),
    tiles: flag.integer({
      char: 't',
      minimum: 1,
      defaultText: '512',
      summary: 'number of tiles of a section along y, and along x',
    }),
    tileSize: flag.integer({
      char: 's',
      minimum: 1,
      summary: 'instead: size of a tile in voxels, about',
    }),
  },
  services: { compute: COMPUTE },
  effects: 'pure',
  infer({ inputChunkName: input }, { tiles, tileSize }) {
    if (tiles !== undefined && tileSize !== undefined)
      throw chunkflowError('flag-invalid', '--tiles and --tile-size say the same in two ways', {
        fix: 'give one of them',
      })
    requireDtype('clahe', input, ['uint8'], FIX)
    return input === undefined ? {} : { outputChunkName: input }
  },
  halo: () => [0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create({ options, services: { compute }, logger }) {
    const { tileSize, tiles = TILES } = options
    const tilesOver = (size: number): number =>
      tileSize === undefined ? tiles : Math.max(1, Math.round(size / tileSize))
    let warned = false
    return {
      async run(task, { signal }) {
        const chunk = chunkOf(task, options.inputChunkName)
        requireDtype('clahe', chunk, ['uint8'], FIX)
        if (rank(chunk) !== 3)
          throw chunkflowError('image-dtype', 'clahe takes images of one channel', {
            fix: 'take one channel, for example load-h5 --channels 0',
          })
        const [, height, width] = spatialSize(chunk)
        const grid = tileGrid(height, width, tilesOver(height), tilesOver(width))
        const { tileHeight, tileWidth } = grid
        if (tileHeight * tileWidth < FEW_VOXELS && !warned) {
          warned = true
          logger.warn(
            `clahe: tiles of ${tileHeight} × ${tileWidth} voxels amplify noise; give --tile-size 64, for instance`,
          )
        }
        task.set(
          options.outputChunkName,
          await equalizeSections(chunk, grid, options.clipLimit, { compute, signal }),
        )
      },
    }
  },
})

const TILES = 512
