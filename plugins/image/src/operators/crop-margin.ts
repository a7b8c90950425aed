import {
  boundingBox,
  boxOf,
  chunkflowError,
  chunkOf,
  cropMargin,
  cutout,
  defineOperator,
  flag,
  formatFlag,
  inferAgain,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'

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
  infer: ({ inputChunkName }) => {
    if (inputChunkName === undefined) return {}
    const { shape: _, ...type } = inputChunkName
    return { outputChunkName: type }
  },
  create: ({ options }) => ({
    run(task) {
      const chunk = chunkOf(task, options.inputChunkName)
      const { marginSize } = options
      if (marginSize === undefined) {
        task.set(options.outputChunkName, inferAgain(cutout(chunk, boxOf(task))))
        return
      }
      task.set(options.outputChunkName, cropMargin(chunk, marginSize))
      if (options.cropBbox) task.set('bbox', shrink(boxOf(task), marginSize))
    },
  }),
})

function shrink({ start, stop }: { start: Zyx; stop: Zyx }, margin: readonly number[]) {
  const high = margin.length === 6 ? margin.slice(3) : margin
  const low = zyx(start[0] + margin[0]!, start[1] + margin[1]!, start[2] + margin[2]!)
  const end = zyx(stop[0] - high[0]!, stop[1] - high[1]!, stop[2] - high[2]!)
  if (low.some((value, axis) => value >= end[axis]!))
    throw chunkflowError(
      'box-invalid',
      `A margin of ${formatFlag(margin)} leaves nothing of the task's box`,
      { fix: 'use a smaller margin, or --no-crop-bbox' },
    )
  return boundingBox(low, end)
}
