import { chunkflowError, createChunk, defineOperator, FILES, flag, zyx } from '@chunkflow/sdk'
import { findSource } from '../file-name.js'
import { readNpy } from '../read-npy.js'
import { chunkShape } from '../reader.js'
import { scaleRows } from '../scale-rows.js'

export default defineOperator({
  name: 'load-npy',
  aliases: ['read-npy'],
  nameChar: 'n',
  summary: 'Load a NumPy file as a chunk, or as a plain array of points',
  description:
    'Arrays with 3 or 4 axes, and sections, become chunks. Three columns are points and become a plain array, as does everything that is named with --file-path or scaled with --resolution. A name that does not end in .npy is a prefix or a folder: `<prefix><box>.npy` is then read. An empty file gives null.',
  examples: [
    'create-chunk --dtype uint64 save-npy -f a.npy load-npy -f a.npy --voxel-size 40 4 4 debug',
    'create-chunk --size 1 9 3 save-npy -f a.npy load-npy --file-path a.npy -o rows debug',
  ],
  flags: {
    fileName: flag.text({ char: 'f', summary: 'file, or prefix of files named by box' }),
    filePath: flag.text({
      summary: 'the same, for a plain array: its variable is called array unless named',
    }),
    voxelOffset: flag.integers3({
      char: 't',
      defaultText: '0 0 0, or the start of the box that names the file',
      summary: 'global position of the first voxel',
    }),
    voxelSize: flag.numbers3({ char: 's', default: [1, 1, 1], exclusiveMinimum: 0, summary: 'nm' }),
    resolution: flag.numbers3({
      char: 'r',
      defaultText: '1 1 1',
      exclusiveMinimum: 0,
      summary: 'multiply the columns of an array of points',
    }),
    outputName: flag.output({
      char: 'o',
      aliases: ['output', 'output-chunk-name'],
      kind: 'any',
      optional: true,
      nullable: true,
      defaultText: 'chunk; array with --file-path',
    }),
  },
  services: { files: FILES },
  effects: 'read',
  timed: true,
  // which of them the options say; the planner takes no conditions
  sets: ['array', 'chunk'],
  infer: (_, { fileName, filePath, resolution }) => {
    if ((fileName === undefined) === (filePath === undefined))
      throw chunkflowError('npy-options', 'load-npy reads one file', {
        fix: 'give either --file-name, or --file-path for a plain array',
      })
    const plain = filePath !== undefined || resolution !== undefined
    return { outputName: { kind: plain ? 'array' : 'any' } }
  },
  create({ options, services: { files } }) {
    const { fileName, filePath, resolution } = options
    const output = options.outputName ?? (fileName === undefined ? 'array' : 'chunk')
    return {
      async run(task) {
        const found = await findSource(files, fileName ?? filePath ?? '', task)
        if (found === null) {
          task.set(output, null)
          return
        }
        const array = await readNpy(files.resolve(found.file))
        const { shape, dtype, data } = array
        const points = shape.length === 2 && shape[1] === 3
        if (filePath !== undefined || resolution !== undefined || points)
          task.set(output, resolution === undefined ? Object.freeze(array) : scaleRows(array, resolution))
        else
          task.set(
            output,
            createChunk(data, chunkShape(shape, found.file), {
              dtype,
              voxelOffset: options.voxelOffset ?? found.box?.start ?? zyx(0, 0, 0),
              voxelSize: options.voxelSize,
            }),
          )
      },
    }
  },
})
