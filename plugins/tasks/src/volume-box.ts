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
  type VolumeScale,
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
  // a format may be both, as Zarr is: only a volume has scales
  const scale = mip === 0 ? undefined : (await scalesOf(path, services))?.find((one) => one.mip === mip)
  if (scale !== undefined) return { volume: scale.box }
  const file = await boxOfFile(path, services)
  if (file !== undefined) return { file }
  const scales = await scalesOf(path, services)
  if (scales === undefined)
    throw chunkflowError('box-missing', `No volume or file of a known format at ${path}`, {
      fix: 'check the path; create-info makes a volume',
    })
  const found = scales.find((candidate) => candidate.mip === mip)
  if (found !== undefined) return { volume: found.box }
  throw chunkflowError('box-missing', `${path} has no mip ${mip}`, {
    fix: `its mips are ${scales.map((candidate) => candidate.mip).join(', ')}`,
  })
}

const scalesOf = async (
  path: string,
  { volumes, logger }: Services,
): Promise<readonly VolumeScale[] | undefined> =>
  (await findVolume(path, volumes, logger))?.description.scales

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
