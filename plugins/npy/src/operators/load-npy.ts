import { createChunk, defineOperator, FILES, flag, optionalBoxOf } from '@chunkflow/sdk'
import { npyFile } from '../file-name.js'
import { readNpy } from '../npy-file.js'

export default defineOperator({
  name: 'load-npy',
  aliases: ['read-npy'],
  nameChar: 'n',
  summary: 'Load a NumPy array: a chunk, or a list of points',
  description:
    'Arrays of 2, 3 or 4 axes become a chunk. An N x 3 array, or any with --resolution, becomes a plain list of numbers, multiplied by the resolution. An empty file gives null.',
  examples: ['create-chunk --size 4 8 16 save-npy -f a.npy', 'load-npy -f a.npy --voxel-offset 10 0 0 debug'],
  flags: {
    fileName: flag.text({
      char: 'f',
      aliases: ['file-path'],
      required: true,
      summary: 'file ending in .npy, or folder or prefix of files named by box',
    }),
    voxelOffset: flag.integers3({
      char: 't',
      default: [0, 0, 0],
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.numbers3({ char: 's', default: [1, 1, 1], summary: 'nm' }),
    resolution: flag.numbers3({
      char: 'r',
      defaultText: '1 1 1',
      summary: 'of points: every row is multiplied by it',
    }),
    outputName: flag.output({
      char: 'o',
      aliases: ['output', 'output-chunk-name'],
      kind: 'any',
      nullable: true,
      default: 'chunk',
    }),
  },
  services: { files: FILES },
  effects: 'read',
  timed: true,
  create: ({ options, services: { files } }) => ({
    async run(task) {
      const file = await npyFile(files, options.fileName, optionalBoxOf(task))
      if ((await files.status(file))?.bytes === 0) {
        task.set(options.outputName, null)
        return
      }
      const { data, shape, dtype } = await readNpy(files.resolve(file))
      const isPoints = shape.length === 2 && shape[1] === 3
      if (isPoints || options.resolution !== undefined || shape.length < 2 || shape.length > 4) {
        const factors = options.resolution ?? [1, 1, 1]
        const values = Float64Array.from(
          data as Float64Array,
          (value, index) => Number(value) * factors[index % 3]!,
        )
        task.set(options.outputName, { values, shape: [...shape] })
      } else
        task.set(
          options.outputName,
          createChunk(data, shape, { dtype, voxelOffset: options.voxelOffset, voxelSize: options.voxelSize }),
        )
    },
  }),
})
