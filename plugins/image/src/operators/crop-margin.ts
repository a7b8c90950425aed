import {
  type BoundingBox,
  boundingBox,
  boxOf,
  chunkflowError,
  chunkOf,
  cropMargin,
  cutout,
  defineOperator,
  flag,
  formatBox,
  formatFlag,
  optionalBoxOf,
  type Task,
  zyx,
} from '@chunkflow/sdk'
import { inferredType, resized, resultBytes } from '../result-type.js'

export default defineOperator({
  name: 'crop-margin',
  summary: "Cut margins off a chunk, or cut it to the task's box",
  examples: [
    'create-chunk crop-margin --margin-size 4 8 8 debug',
    'create-chunk crop-margin -m 0 1 2 3 4 5 debug',
  ],
  flags: {
    marginSize: flag.integers3or6({
      char: 'm',
      minimum: 0,
      defaultText: "down to the task's box",
      summary: 'margin on both sides, or low and high',
    }),
    cropBbox: flag.boolean({ summary: "also shrink the task's box by the margin" }),
    inputChunkName: flag.input({ char: 'i', aliases: ['input'], kind: 'chunk' }),
    outputChunkName: flag.output({ char: 'o', aliases: ['output'], kind: 'chunk' }),
  },
  effects: 'pure',
  timed: true,
  infer({ inputChunkName: input }, { marginSize }) {
    if (input === undefined) return {}
    if (marginSize === undefined) {
      const { shape, ...type } = input
      return { outputChunkName: type }
    }
    const { low, high } = sides(marginSize)
    const cropped = resized(input, (size) => size.map((length, axis) => length - low[axis]! - high[axis]!))
    if (cropped.shape?.some((length) => length <= 0))
      throw chunkflowError(
        'chunk-outside',
        `A margin of ${formatFlag(marginSize)} leaves nothing of the chunk`,
        {
          fix: `the chunk has ${formatFlag(input.shape!.slice(-3))} voxels: use a smaller --margin-size`,
        },
      )
    return { outputChunkName: inferredType(cropped) }
  },
  estimate: ({ inputChunkName }) => resultBytes(inputChunkName),
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      const { marginSize, cropBbox, outputChunkName } = options
      if (marginSize === undefined) {
        task.set(outputChunkName, cutout(chunk, cropBox(task)))
        return
      }
      const bbox = cropBbox ? shrinkBox(boxOf(task), marginSize) : undefined
      task.set(outputChunkName, cropMargin(chunk, marginSize))
      if (bbox !== undefined) task.set('bbox', bbox)
    },
  }),
})

const sides = (margin: readonly number[]) => ({
  low: margin.slice(0, 3),
  high: margin.length === 6 ? margin.slice(3) : margin,
})

function cropBox(task: Task): BoundingBox {
  const box = optionalBoxOf(task)
  if (box === undefined)
    throw chunkflowError('task-no-bbox', 'crop-margin has neither a margin nor a task with a bounding box', {
      fix: 'give --margin-size, or start the chain with create-bbox, generate-tasks or fetch-task',
    })
  return box
}

function shrinkBox(box: BoundingBox, margin: readonly number[]): BoundingBox {
  const { low, high } = sides(margin)
  const start = zyx(box.start[0] + low[0]!, box.start[1] + low[1]!, box.start[2] + low[2]!)
  const stop = zyx(box.stop[0] - high[0]!, box.stop[1] - high[1]!, box.stop[2] - high[2]!)
  if (start.some((value, axis) => value >= stop[axis]!))
    throw chunkflowError(
      'box-invalid',
      `A margin of ${formatFlag(margin)} leaves nothing of the task's box ${formatBox(box)}`,
      { fix: 'use a smaller --margin-size, or --no-crop-bbox' },
    )
  return boundingBox(start, stop)
}
