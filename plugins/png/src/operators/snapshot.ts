import {
  chunkBox,
  chunkflowError,
  chunkOf,
  defineOperator,
  FILES,
  flag,
  formatBox,
  isFloat,
  type Task,
} from '@chunkflow/sdk'
import { composeSnapshot, type Panel } from '../compose.js'
import { encodePng } from '../png-image.js'

export default defineOperator({
  name: 'snapshot',
  summary: 'Make a picture of chunks, with labels over them, for reports and checks',
  description:
    'A section, three orthogonal planes or a sheet of sections as a PNG file. Several chunks stand side by side; image[overlay=seg] names the labels over one of them, --overlay those over all others. Three channels become red, green and blue; segmentations get a colour for each label, the same in every picture. The voxel size keeps proportions right.',
  examples: [
    'create-chunk --size 16 64 96 --voxel-size 40 8 8 snapshot --plane three -f planes.png',
    'create-chunk -o image create-chunk --dtype uint32 -o seg snapshot -i image,image[overlay=seg],seg --z 20 --scale 2',
    'create-chunk --size 16 64 96 snapshot --contact-sheet 9 --min 50 --max 200',
  ],
  flags: {
    inputNames: flag.inputs({
      char: 'i',
      aliases: ['input', 'inputs', 'input-chunk-name'],
      kind: 'chunk',
      syntax: 'layers',
      summary: 'variables to show side by side, each perhaps with [overlay=labels]',
    }),
    overlay: flag.input({
      kind: 'chunk',
      optional: true,
      summary: 'labels to lay over the chunks that name none',
    }),
    opacity: flag.number({ default: 0.4, minimum: 0, maximum: 1, summary: 'of the labels' }),
    plane: flag.text({
      char: 'p',
      choices: ['xy', 'xz', 'yz', 'three'],
      default: 'xy',
      summary: 'first axis to the right, second down; three: xy, beside it zy, below it xz',
    }),
    z: flag.integer({ char: 'z', defaultText: 'the middle', summary: 'global z of the xy plane' }),
    y: flag.integer({ char: 'y', defaultText: 'the middle', summary: 'global y of the xz plane' }),
    x: flag.integer({ char: 'x', defaultText: 'the middle', summary: 'global x of the yz plane' }),
    contactSheet: flag.integer({
      char: 'n',
      minimum: 1,
      summary: 'show this many evenly spaced sections',
    }),
    min: flag.number({
      aliases: ['minimum'],
      defaultText: 'lowest of the type, 0 for floats',
      summary: 'value shown black',
    }),
    max: flag.number({
      aliases: ['maximum'],
      defaultText: 'highest of the type, 1 for floats',
      summary: 'value shown white',
    }),
    scale: flag.integer({ default: 1, minimum: 1, maximum: 32, summary: 'pixels a voxel' }),
    fileName: flag.text({ char: 'f', defaultText: '<bbox>.png', summary: 'file to write' }),
  },
  services: { files: FILES },
  effects: 'write',
  outsideDigest: true,
  infer({ overlay }, { plane, contactSheet }) {
    if (plane === 'three' && contactSheet !== undefined)
      throw chunkflowError('png-options', 'A contact sheet shows one plane, not three', {
        fix: 'leave --contact-sheet out, or give --plane xy, xz or yz',
      })
    if (overlay?.dtype !== undefined && isFloat(overlay.dtype))
      throw chunkflowError('png-options', `An overlay needs labels, not ${overlay.dtype} values`, {
        fix: 'give a segmentation, such as connected-components makes from a map',
      })
    return {}
  },
  create({ options, services: { files }, logger }) {
    const { plane, contactSheet, opacity, scale, z, y, x, min, max } = options
    if (options.fileName !== undefined && !/\.png$/i.test(options.fileName))
      throw chunkflowError('png-options', `--file-name "${options.fileName}" does not end in .png`, {
        fix: 'name a PNG file: no other format is written',
      })

    function panelsOf(task: Task): readonly [Panel, ...Panel[]] {
      const [first, ...others] = options.inputNames.map((text) => {
        const match = /^([^[\]]+)(?:\[overlay=([^[\],]+)\])?$/.exec(text)
        if (match === null)
          throw chunkflowError('png-options', `--input-names "${text}" is not understood`, {
            fix: 'write a variable, or variable[overlay=labels]',
          })
        const labels = match[2] ?? options.overlay
        return {
          chunk: chunkOf(task, match[1]!),
          overlay: labels === undefined ? undefined : chunkOf(task, labels),
        }
      })
      if (first === undefined)
        throw chunkflowError('png-options', 'There is no chunk to show', { fix: 'name one with --input' })
      return [first, ...others]
    }
    const target = ([{ chunk }]: readonly [Panel, ...Panel[]]): string =>
      options.fileName ?? `${formatBox(chunkBox(chunk))}.png`
    return {
      async run(task) {
        const panels = panelsOf(task)
        for (const { chunk } of panels)
          if (chunk.shape.length === 4 && chunk.shape[0] !== 3 && chunk.shape[0] > 1)
            logger.warn(`snapshot shows the first of ${chunk.shape[0]} channels`)
        const { width, height, rgb } = composeSnapshot(panels, {
          plane,
          contactSheet,
          opacity,
          scale,
          at: [z, y, x],
          low: min,
          high: max,
        })
        await files.write(target(panels), await encodePng(width, height, rgb, 3))
      },
      dryRun: (task) => logger.info(`dry run: would write ${target(panelsOf(task))}`),
    }
  },
})
