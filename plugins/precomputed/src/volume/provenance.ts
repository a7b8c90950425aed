import { boxSize, type NewVolume } from '@chunkflow/sdk'

/**
 * The `provenance` file that CloudVolume keeps beside `info`: where the data come from. Owners and sources are for people to
 * fill in; there is no date, so that the same command makes the same file.
 */
export const printProvenance = (volume: NewVolume): string =>
  JSON.stringify(
    {
      description: '',
      owners: [],
      sources: [],
      processing: [
        {
          by: 'chunkflow',
          method: {
            task: 'create volume',
            channels: volume.channels,
            data_type: volume.dtype,
            encoding: volume.encoding,
            voxel_size_nm_zyx: volume.voxelSizeNm,
            offset_voxel_zyx: volume.box.start,
            size_voxel_zyx: boxSize(volume.box),
            block_size_zyx: volume.blockSize,
          },
        },
      ],
    },
    null,
    1,
  )
