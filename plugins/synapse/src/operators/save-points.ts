import { chunkflowError, defineOperator, flag, HDF5 } from '@chunkflow/sdk'
import { tableFromPoints } from '../files/hdf5.js'
import { pointsOf } from '../records.js'

export default defineOperator({
  name: 'save-points',
  summary: 'Save points to an HDF5 file',
  description: 'Datasets points (rows z y x, voxels) and voxel_size (z y x, nm).',
  examples: ['create-chunk --dtype float32 detect-points --min-distance 5 save-points --file-path points.h5'],
  flags: {
    inputName: flag.input({ char: 'i', aliases: ['input'], kind: 'points', default: 'point_cloud' }),
    filePath: flag.text({ char: 'f', required: true, summary: 'file that ends in .h5' }),
  },
  services: { hdf5: HDF5 },
  effects: 'write',
  infer(_, { filePath }) {
    if (!filePath.endsWith('.h5'))
      throw chunkflowError('synapses-options', `Points are saved as HDF5, not to ${filePath}`, {
        fix: 'give a --file-path that ends in .h5',
      })
    return {}
  },
  create: ({ options, services: { hdf5 }, logger }) => ({
    run: (task, { signal }) =>
      hdf5.write(options.filePath, tableFromPoints(pointsOf(task, options.inputName)), { signal }),
    dryRun: () => logger.info(`dry run: would write ${options.filePath}`),
  }),
})
