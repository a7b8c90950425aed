import { boundingBox, boxFromSize, chunkflowError, defineSource, flag } from '@chunkflow/sdk'

export default defineSource({
  name: 'create-bbox',
  summary: 'Make one task with a bounding box',
  examples: ['create-bbox --start 0 0 0 --size 16 64 64 debug'],
  flags: {
    start: flag.integers3({ char: 's', required: true, summary: 'first voxel' }),
    stop: flag.integers3({ char: 'p', summary: 'end, excluded; beats --size' }),
    size: flag.integers3({ char: 'z', minimum: 0, summary: 'size, used when no --stop is given' }),
  },
  effects: 'pure',
  sets: ['bbox'],
  create({ options: { start, stop, size } }) {
    if (stop === undefined && size === undefined)
      throw chunkflowError('box-missing', 'Neither --stop nor --size says where the box ends', {
        fix: 'give one of them',
      })
    const bbox = stop === undefined ? boxFromSize(start, size!) : boundingBox(start, stop)
    return { tasks: () => [{ bbox }], range: () => bbox, count: () => 1 }
  },
})
