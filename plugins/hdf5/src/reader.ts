import { boxToRead, type Chunk, type Compute, type Files, likelyLayerType, type Reader } from '@chunkflow/sdk'
import { namesOneFile } from './file-name.js'
import { describeHdf5, readHdf5 } from './read-hdf5.js'
import { hdf5Worker } from './session.js'

/** HDF5 files as a READER. Voxel size and layer type are null where neither the file nor its element type says. */
export function hdf5Reader(
  files: Files,
  compute: Compute,
  entry: URL,
): Reader & { dispose(): Promise<void> } {
  const worker = hdf5Worker(compute, entry)
  return {
    matches: namesOneFile,
    probe: async (path, { dataset } = {}) => {
      const { array, shape, box, voxelSize, layerType } = await describeHdf5(
        files.resolve(path),
        { dataset },
        worker,
      )
      const { dtype } = array
      return {
        shape,
        dtype,
        voxelOffset: box.start,
        voxelSize: voxelSize ?? null,
        layerType: layerType ?? likelyLayerType({ shape, dtype }),
      }
    },
    read: async (path, { dataset, box } = {}): Promise<Chunk> => {
      const { chunk } = await readHdf5(
        files.resolve(path),
        {
          dataset,
          choose: (whole) => boxToRead(box, whole, path, 'boxes are global voxels z y x'),
        },
        worker,
      )
      return chunk
    },
    dispose: () => worker.dispose(),
  }
}
