import {
  boxContains,
  type Chunk,
  type Compute,
  chunkflowError,
  type Files,
  formatBox,
  looksLikeImage,
  looksLikeSegmentation,
  type Reader,
} from '@chunkflow/sdk'
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
      const likely = { shape, dtype }
      return {
        shape,
        dtype,
        voxelOffset: box.start,
        voxelSize: voxelSize ?? null,
        layerType:
          layerType ??
          (looksLikeImage(likely) ? 'image' : looksLikeSegmentation(likely) ? 'segmentation' : null),
      }
    },
    read: async (path, { dataset, box } = {}): Promise<Chunk> => {
      const { chunk } = await readHdf5(
        files.resolve(path),
        {
          dataset,
          choose: (whole) => {
            if (box === undefined || boxContains(whole, box)) return box ?? whole
            throw chunkflowError(
              'chunk-outside',
              `Box ${formatBox(box)} is not inside ${path}, which covers ${formatBox(whole)}`,
              { fix: 'boxes are global voxels z y x' },
            )
          },
        },
        worker,
      )
      return chunk
    },
    dispose: () => worker.dispose(),
  }
}
