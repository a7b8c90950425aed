import {
  type Chunk,
  defineOperator,
  describeChunk,
  describeValue,
  elementAsNumber,
  formatBox,
  isBoundingBox,
  isChunk,
  type Task,
} from '@chunkflow/sdk'

export default defineOperator({
  name: 'debug',
  summary: 'Print every variable of the task',
  examples: ['create-chunk --size 4 8 8 debug'],
  flags: {},
  effects: 'pure',
  outsideDigest: true,
  create: ({ logger }) => ({
    run(task) {
      for (const line of describeTask(task)) logger.result(line)
    },
  }),
})

function describeTask(task: Task): string[] {
  return [
    ...task.names().map((name) => `${name}: ${describeVariable(task.get(name))}`),
    `log: ${JSON.stringify(task.log)}`,
  ]
}

function describeVariable(value: unknown): string {
  if (isChunk(value))
    return `${describeChunk(value)}, ${value.layerType ?? 'no layer type'}, voxel size ${value.voxelSize?.join(' ') ?? 'unknown'}, ${describeRange(value)}`
  if (isBoundingBox(value)) return formatBox(value)
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
    return String(value)
  return describeValue(value)
}

function describeRange({ data, dtype }: Chunk): string {
  if (data.length === 0) return 'empty'
  let low: number | bigint = dtype === 'float16' ? elementAsNumber(data, dtype, 0) : data[0]!
  let high = low
  for (let index = 1; index < data.length; index++) {
    const value = dtype === 'float16' ? elementAsNumber(data, dtype, index) : data[index]!
    if (value < low) low = value
    if (value > high) high = value
  }
  return `${low} to ${high}`
}
