import { boxToRead, type Compute, likelyLayerType, type Reader, type Store } from '@chunkflow/sdk'
import { codecWorkers } from './codec-workers.js'
import { namesZarr, parseLocation } from './location.js'
import { openArray } from './open-array.js'
import { readBox } from './read-box.js'

/** Zarr and N5 arrays as a READER; of an image with several levels the finest. `dataset` is the path within the store. */
export function zarrReader(
  store: Store,
  compute: Compute,
  entry: URL,
): Reader & { dispose(): Promise<void> } {
  const workers = codecWorkers(compute, entry)
  async function open(text: string, dataset: string | undefined) {
    const { path, driver } = parseLocation(text)
    return openArray(await store.open(path), { path: dataset, driver, mip: 0 })
  }
  return {
    matches: namesZarr,
    probe: async (path, { dataset } = {}) => {
      const { layout, placement } = await open(path, dataset)
      const { box, channels, voxelSizeNm, layerType } = placement
      const size = box.stop.map((stop, axis) => stop - box.start[axis]!)
      const shape = channels === null ? size : [channels, ...size]
      const likely = { shape, dtype: layout.dtype }
      return {
        ...likely,
        voxelOffset: box.start,
        voxelSize: voxelSizeNm,
        layerType: layerType ?? likelyLayerType(likely),
      }
    },
    read: async (path, { dataset, box } = {}) => {
      const array = await open(path, dataset)
      const wanted = boxToRead(box, array.placement.box, array.where, 'boxes are global voxels z y x')
      return readBox(array, workers, { box: wanted })
    },
    dispose: () => workers.dispose(),
  }
}
