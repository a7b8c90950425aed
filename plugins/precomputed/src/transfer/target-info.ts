import type { NewVolume, VolumeDescription, VolumeScale, Zyx } from '@chunkflow/sdk'
import { newInfo, parseInfo, type VolumeInfo } from '../volume/info.js'

export interface TargetOptions extends Pick<NewVolume, 'encodingSettings' | 'sharding' | 'encoding'> {
  /** Undefined: each scale keeps the blocks of its source. */
  readonly blockSize: Zyx | undefined
}

/** The info of a copy: every scale of the source, in other blocks, another encoding or other files. */
export function targetInfo(source: VolumeDescription, options: TargetOptions): VolumeInfo {
  const infos = source.scales.map((scale) => newInfo(describeScale(source, scale, options)))
  const scales = infos.map(({ json }) => (json.scales as readonly unknown[])[0])
  return parseInfo(JSON.stringify({ ...infos[0]!.json, scales }), source.url)
}

const describeScale = (
  { channels, dtype, layerType }: VolumeDescription,
  { box, voxelSizeNm, blockSize }: VolumeScale,
  options: TargetOptions,
): NewVolume => ({
  channels,
  dtype,
  layerType,
  encoding: options.encoding,
  voxelSizeNm,
  box,
  blockSize: options.blockSize ?? blockSize,
  factor: [1, 1, 1],
  maximumMip: 0,
  ...(options.encodingSettings === undefined ? {} : { encodingSettings: options.encodingSettings }),
  ...(options.sharding === undefined ? {} : { sharding: options.sharding }),
})
