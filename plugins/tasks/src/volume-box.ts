import {
  addZyx,
  type BoundingBox,
  boundingBox,
  chunkflowError,
  eachService,
  type Logger,
  type Reader,
  type ServiceFamily,
  type Volume,
  type VolumeFormat,
  zyx,
} from '@chunkflow/sdk'

interface Services {
  readonly volumes: ServiceFamily<VolumeFormat>
  readonly readers: ServiceFamily<Reader>
  readonly logger: Logger
}

/** What a volume covers at a mip level, or what a file holds. */
export type CoveredBox = { readonly volume: BoundingBox } | { readonly file: BoundingBox }

/** Reads metadata only. @throws box-missing when nothing can read the path */
export async function findCoveredBox(path: string, mip: number, services: Services): Promise<CoveredBox> {
  const file = await boxOfFile(path, services)
  if (file !== undefined) return { file }
  const volume = await boxOfVolume(path, mip, services)
  if (volume !== undefined) return { volume }
  throw chunkflowError('box-missing', `No volume or file of a known format at ${path}`, {
    fix: 'check the path; create-info makes a volume',
  })
}

async function boxOfFile(path: string, { readers, logger }: Services): Promise<BoundingBox | undefined> {
  // formats of files are told by their names: without an extension no reader needs to be loaded
  if (!/\.[a-z0-9]+$/i.test(path)) return undefined
  for await (const reader of eachService(readers, logger)) {
    if (!reader.matches(path)) continue
    const { shape, voxelOffset } = await reader.probe(path)
    return boundingBox(voxelOffset, addZyx(voxelOffset, zyx(shape.at(-3)!, shape.at(-2)!, shape.at(-1)!)))
  }
  return undefined
}

async function boxOfVolume(
  path: string,
  mip: number,
  { volumes, logger }: Services,
): Promise<BoundingBox | undefined> {
  const scales = (await findVolume(path, volumes, logger))?.description.scales
  if (scales === undefined) return undefined
  const scale = scales.find((candidate) => candidate.mip === mip)
  if (scale !== undefined) return scale.box
  throw chunkflowError('box-missing', `${path} has no mip ${mip}`, {
    fix: `its mips are ${scales.map((candidate) => candidate.mip).join(', ')}`,
  })
}

/** The volume at a path in whatever format; undefined when there is none. */
export async function findVolume(
  path: string,
  volumes: ServiceFamily<VolumeFormat>,
  logger: Logger,
): Promise<Volume | undefined> {
  for await (const format of eachService(volumes, logger)) {
    if (!(await format.matches(path))) continue
    const volume = await format.open(path)
    if (volume !== null) return volume
  }
  return undefined
}
