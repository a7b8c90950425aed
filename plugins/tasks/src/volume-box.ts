import {
  addZyx,
  type BoundingBox,
  boundingBox,
  chunkflowError,
  type Reader,
  type ServiceFamily,
  type VolumeFormat,
  zyx,
} from '@chunkflow/sdk'

interface Services {
  readonly volumes: ServiceFamily<VolumeFormat>
  readonly readers: ServiceFamily<Reader>
}

/** What a volume covers at a mip level, or what a file holds. @throws box-missing when nothing can read the path */
export async function findVolumeBox(
  path: string,
  mip: number,
  { volumes, readers }: Services,
): Promise<BoundingBox> {
  for (const key of readers.keys()) {
    const reader = await readers.get(key)
    if (!reader.matches(path)) continue
    const { shape, voxelOffset } = await reader.probe(path)
    return boundingBox(voxelOffset, addZyx(voxelOffset, zyx(shape.at(-3)!, shape.at(-2)!, shape.at(-1)!)))
  }
  for (const key of volumes.keys()) {
    const volume = await (await volumes.get(key)).open(path)
    if (volume === null) continue
    const scale = volume.description.scales.find((candidate) => candidate.mip === mip)
    if (scale === undefined)
      throw chunkflowError('box-missing', `${path} has no mip ${mip}`, {
        fix: `its mips are ${volume.description.scales.map((candidate) => candidate.mip).join(', ')}`,
      })
    return scale.box
  }
  throw chunkflowError('box-missing', `No volume or file of a known format at ${path}`, {
    fix: 'check the path; create-info makes a volume',
  })
}
