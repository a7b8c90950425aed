import { boxSize, chunkflowError, type NewVolume, type Storage, zyx } from '@chunkflow/sdk'
import { createArray } from './create-array.js'
import { addLevel } from './image-metadata.js'
import type { CompressorName } from './new-array.js'

const COMPRESSORS: Readonly<Record<string, CompressorName>> = {
  raw: 'zstd',
  zstd: 'zstd',
  blosc: 'blosc',
  gzip: 'gzip',
  none: 'none',
}

/** An OME-Zarr image with a level a mip. Blocks that a precomputed volume would call raw are compressed with zstd. */
export async function createImage(storage: Storage, volume: NewVolume): Promise<void> {
  const compressor = COMPRESSORS[volume.encoding]
  if (compressor === undefined || volume.sharding !== undefined)
    throw chunkflowError(
      'zarr-unsupported',
      compressor === undefined
        ? `Zarr arrays are not encoded as ${volume.encoding}`
        : 'Zarr arrays with shards are not made here',
      { where: storage.root, fix: `encodings: ${Object.keys(COMPRESSORS).join(', ')}; no sharding` },
    )
  for (let mip = 0; mip <= volume.maximumMip; mip++) {
    const scale = volume.factor.map((factor) => factor ** mip)
    const each = (values: readonly number[], action: (value: number, factor: number) => number) =>
      zyx(action(values[0]!, scale[0]!), action(values[1]!, scale[1]!), action(values[2]!, scale[2]!))
    const voxelSizeNm = each(volume.voxelSizeNm, (size, factor) => size * factor)
    const voxelOffset = each(volume.box.start, (start, factor) => Math.floor(start / factor))
    await createArray(storage, String(mip), {
      format: 2,
      dtype: volume.dtype,
      channels: volume.channels === 1 ? null : volume.channels,
      shape: each(boxSize(volume.box), (size, factor) => Math.ceil(size / factor)),
      chunkShape: volume.blockSize,
      shardShape: null,
      order: 'zyx',
      compressor,
      voxelOffset,
      voxelSizeNm,
      layerType: volume.layerType,
      separator: '/',
    })
    const hasChannels = volume.channels > 1
    await addLevel(storage, '', 2, mip, { path: String(mip), hasChannels, voxelSizeNm, voxelOffset })
  }
}
