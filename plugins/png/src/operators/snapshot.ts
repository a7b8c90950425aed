import {
  type Chunk,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  spatialSize,
  type Task,
} from '@chunkflow/sdk'
import { encodePng } from '../codec.js'
import { beside, blend, grid, type Picture, resize } from '../kernels/picture.js'
import { defaultWindow, drawPlane, fixedAxis, type PlaneName, trueAspect } from '../kernels/plane.js'

/** White pixels between panels. */
const GAP = 4

interface Panel {
  readonly chunk: Chunk
  readonly overlay: Chunk | undefined
}

export default defineOperator({
  name: 'snapshot',
  summary: 'Save a picture of chunks: a section, three planes or a contact sheet',
  description:
    'Panels stand side by side, one a variable. Maps of three channels are shown as red, green and blue, label volumes in stable colours. A name may say what lies over it: `image[overlay=seg]`. Non-cubic voxels keep their aspect.',
  examples: [
    'create-chunk -o image connected-components -i image -o seg -t 128 snapshot -i image,image[overlay=seg],seg -f look.png',
    'create-chunk --voxel-size 4 1 1 snapshot --plane three -f planes.png',
  ],
  flags: {
    inputNames: flag.inputs({
      char: 'i',
      aliases: ['input', 'input-chunk-name'],
      kind: 'chunk',
      syntax: 'layers',
      summary: 'variables, one panel each',
    }),
    overlay: flag.input({
      kind: 'chunk',
      optional: true,
      summary: 'label volume over every panel that names none',
    }),
    opacity: flag.number({ default: 0.5, minimum: 0, maximum: 1, summary: 'of overlays' }),
    plane: flag.text({
      char: 'p',
      choices: ['xy', 'xz', 'yz', 'three'],
      default: 'xy',
      summary: 'which plane, or all three',
    }),
    z: flag.integer({ defaultText: 'the middle', summary: 'section, global' }),
    y: flag.integer({ defaultText: 'the middle', summary: 'position of the xz plane, global' }),
    x: flag.integer({ defaultText: 'the middle', summary: 'position of the yz plane, global' }),
    contactSheet: flag.integer({ minimum: 1, summary: 'so many sections, evenly spread, in a grid' }),
    minimum: flag.number({ defaultText: 'of the type', summary: 'value shown black' }),
    maximum: flag.number({ defaultText: 'of the type', summary: 'value shown white' }),
    scale: flag.integer({ default: 1, minimum: 1, maximum: 32, summary: 'pixels a voxel' }),
    fileName: flag.text({ char: 'f', required: true, summary: 'picture to write, ending in .png' }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services, logger }) {
    if (!/\.png$/i.test(options.fileName))
      throw chunkflowError('snapshot-invalid', `"${options.fileName}" does not end in .png`, {
        fix: 'name a PNG file',
      })
    return {
      async run(task) {
        const panels = options.inputNames.map((name) => readPanel(task, name))
        const pictures = panels.map((panel) =>
          options.contactSheet === undefined ? drawPlanes(panel) : drawSheet(panel, options.contactSheet),
        )
        const joined = beside(pictures, GAP)
        const picture = resize(joined, joined.width * options.scale, joined.height * options.scale)
        await services.files.write(
          options.fileName,
          await encodePng(picture.rgb, picture.width, picture.height),
        )
      },
      dryRun: () => logger.info(`dry run: would write ${options.fileName}`),
    }

    function readPanel(task: Task, text: string): Panel {
      const match = /^([^[\]]+)(?:\[overlay=([^[\],]+)\])?$/.exec(text)
      if (match === null)
        throw chunkflowError('snapshot-invalid', `"${text}" is not understood`, {
          fix: 'write name or name[overlay=labels]',
        })
      const overlay = match[2] ?? options.overlay
      const chunk = chunkOf(task, match[1]!)
      const labels = overlay === undefined ? undefined : chunkOf(task, overlay)
      if (labels !== undefined && spatialSize(labels).join() !== spatialSize(chunk).join())
        throw chunkflowError(
          'snapshot-invalid',
          `Overlay "${overlay}" is ${spatialSize(labels).join('×')}, "${match[1]}" ${spatialSize(chunk).join('×')}`,
          { fix: 'overlays have the size of what they lie over' },
        )
      return { chunk, overlay: labels === undefined ? undefined : { ...labels, layerType: 'segmentation' } }
    }

    function drawPlanes(panel: Panel): Picture {
      const planes: readonly PlaneName[] = options.plane === 'three' ? ['xy', 'xz', 'yz'] : [options.plane]
      return beside(
        planes.map((plane) => draw(panel, plane, indexIn(panel.chunk, plane))),
        GAP,
      )
    }

    function drawSheet(panel: Panel, count: number): Picture {
      const depth = spatialSize(panel.chunk)[0]
      const sections = Math.min(count, depth)
      const pictures = Array.from({ length: sections }, (_, index) =>
        draw(panel, 'xy', Math.floor(((index + 0.5) * depth) / sections)),
      )
      return grid(pictures, Math.ceil(Math.sqrt(sections)), GAP)
    }

    function draw({ chunk, overlay }: Panel, plane: PlaneName, index: number): Picture {
      const window = defaultWindow(chunk)
      const base = drawPlane(chunk, plane, index, {
        minimum: options.minimum ?? window.minimum,
        maximum: options.maximum ?? window.maximum,
      })
      const mixed =
        overlay === undefined ? base : blend(base, drawPlane(overlay, plane, index, window), options.opacity)
      return trueAspect(mixed, plane, chunk.voxelSize)
    }

    function indexIn(chunk: Chunk, plane: PlaneName): number {
      const axis = fixedAxis(plane)
      const global = [options.z, options.y, options.x][axis]
      const size = spatialSize(chunk)[axis]
      const index = global === undefined ? Math.floor(size / 2) : global - chunk.voxelOffset[axis]
      if (index < 0 || index >= size)
        throw chunkflowError('snapshot-invalid', `${'zyx'[axis]} ${global} lies outside the chunk`, {
          fix: `choose one from ${chunk.voxelOffset[axis]} to ${chunk.voxelOffset[axis] + size - 1}`,
        })
      return index
    }
  },
})
