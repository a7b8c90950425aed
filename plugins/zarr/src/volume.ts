import {
  type BoundingBox,
  boxContains,
  boxSize,
  type Chunk,
  type Compute,
  channelCount,
  chunkBox,
  chunkflowError,
  copyRegion,
  DTYPES,
  describeChunk,
  emptyChunk,
  forEachParallel,
  formatBox,
  formatFlag,
  intersectBoxes,
  type ReadVolumeOptions,
  type Storage,
  type Store,
  squeezeChannel,
  subtractZyx,
  type Volume,
  type VolumeDescription,
  type VolumeFormat,
  type VolumeScale,
  type WriteReport,
  type WriteVolumeOptions,
  withProperties,
  zyx,
} from '@chunkflow/sdk'
import { countOutside } from '@chunkflow/sdk/numerics'
import { encodeJson } from './change-json.js'
import { type CodecWorkers, codecWorkers } from './codec-workers.js'
import { createImage } from './create-image.js'
import { fillsWithZero } from './format/layout.js'
import { isRecord, type Json } from './format/metadata.js'
import { chunksIn, countChunks, fileGridOf, gridOf } from './grid.js'
import { asksForZarr, isArchive, parseLocation, requireFormat } from './location.js'
import { type OpenedArray, type OpenedLevels, openLevels } from './open-array.js'
import { chunksToRead, readBox } from './read-box.js'
import { writeBox } from './write-box.js'

/** Zarr and N5 arrays, and images of several levels, as VOLUMES. A scale is a level of the image. */
export function createZarrFormat(
  store: Store,
  compute: Compute,
  entry: URL,
): VolumeFormat & { dispose(): Promise<void> } {
  const workers = codecWorkers(compute, entry)
  async function open(text: string): Promise<Volume | null> {
    const { path, driver } = parseLocation(text)
    const storage = await store.open(path)
    const opened = await openLevels(storage, driver)
    return opened === null ? null : volumeOf(storage, opened, workers)
  }
  return {
    open,
    matches: async (path) => !isArchive(path) && (asksForZarr(path) || (await open(path)) !== null),
    async create(path, volume) {
      const { path: place, driver } = parseLocation(path)
      requireFormat(driver, 2, place)
      const storage = await store.open(place)
      await createImage(storage, volume)
      return (await open(path))!
    },
    dispose: () => workers.dispose(),
  }
}

const UNKNOWN_VOXEL_SIZE = zyx(1, 1, 1)

function describe(storage: Storage, { levels, isOme, isLabel }: OpenedLevels): VolumeDescription {
  const [finest] = levels
  const { layout, placement } = finest!
  const { dtype } = layout
  const { kind, bytes } = DTYPES[dtype]
  const declared = placement.layerType
  // pictures of microscopes have up to 16 bits; an array that is no image of OME is a segmentation as a chunk of it is
  const isPicture = kind === 'float' || dtype === 'uint8' || (isOme && bytes <= 2)
  const isSegmentation = isLabel || (declared === undefined ? !isPicture : declared === 'segmentation')
  return {
    url: storage.root,
    channels: placement.channels ?? 1,
    dtype,
    layerType: isSegmentation ? 'segmentation' : 'image',
    scales: levels.map((level, mip): VolumeScale => {
      const [, z, y, x] = gridOf(level).chunk
      const blockSize = zyx(z, y, x)
      const [, writeZ, writeY, writeX] = fileGridOf(level).chunk
      const { box, voxelSizeNm } = level.placement
      const writeSize = zyx(writeZ, writeY, writeX)
      return { mip, box, blockSize, writeSize, voxelSizeNm: voxelSizeNm ?? UNKNOWN_VOXEL_SIZE }
    }),
  }
}

function volumeOf(storage: Storage, opened: OpenedLevels, workers: CodecWorkers): Volume {
  const description = describe(storage, opened)
  const levelAt = (mip: number): OpenedArray => {
    const level = opened.levels[mip]
    if (level !== undefined) return level
    throw chunkflowError('zarr-options', `${storage.root} has no mip ${mip}`, {
      where: storage.root,
      fix: `it has the mips 0 to ${opened.levels.length - 1}`,
    })
  }
  return {
    description,
    async read({ mip, box, fillMissing, signal, onBlock }: ReadVolumeOptions): Promise<Chunk> {
      const level = levelAt(mip)
      const total = chunksToRead(level, box)
      let done = 0
      const chunk = await readWithZeros(level, workers, {
        box,
        signal,
        requireStored: !fillMissing,
        onChunk: () => onBlock?.(++done, total),
      })
      const { voxelSizeNm } = description.scales[mip]!
      return withProperties(
        chunk.shape.length === 4 && channelCount(chunk) === 1 ? squeezeChannel(chunk) : chunk,
        {
          voxelSize: voxelSizeNm,
          layerType: description.layerType,
          layerTypeDeclared: true,
        },
      )
    },
    async write(chunk: Chunk, options: WriteVolumeOptions): Promise<WriteReport> {
      const level = levelAt(options.mip)
      const { box, voxels } = writable(level, chunk, options.allowUnaligned ?? false)
      const total = countChunks(gridOf(level), box)
      let done = 0
      const { written, deleted } = await writeBox(level, workers, voxels, {
        box,
        signal: options.signal,
        onChunk: () => options.onBlock?.(++done, total),
      })
      return {
        box,
        blocksWritten: written,
        blocksDeleted: deleted,
        voxelsDropped: countOutside(chunk, box),
      }
    },
    async hasAllBlocks(box: BoundingBox, mip: number): Promise<boolean> {
      const level = levelAt(mip)
      const inside = intersectBoxes(box, level.placement.box)
      if (inside === null) return false
      level.chunks.forget()
      let isMissing = false
      await forEachParallel(chunksIn(gridOf(level), inside), 16, undefined, async ({ index }) => {
        if (!isMissing && !(await level.chunks.isStored(index))) isMissing = true
      })
      return !isMissing
    },
    writeJson: (key, value) =>
      storage.write(key, encodeJson(jsonOf(value)), { contentType: 'application/json' }),
  }
}

/** bigints as texts: JSON has no place for them. */
const jsonOf = (value: unknown): Json => {
  const plain: unknown = JSON.parse(
    JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'bigint' ? entry.toString() : entry)),
  )
  return isRecord(plain) ? plain : { value: plain }
}

/** Beyond the array voxels of a volume are 0, whatever its fill value. */
async function readWithZeros(
  level: OpenedArray,
  workers: CodecWorkers,
  options: Parameters<typeof readBox>[2],
): Promise<Chunk> {
  const { box } = options
  const whole = level.placement.box
  if (boxContains(whole, box) || fillsWithZero(level.layout)) return readBox(level, workers, options)
  const { channels } = level.placement
  const size = boxSize(box)
  const chunk = emptyChunk(level.layout.dtype, channels === null ? size : [channels, ...size], {
    voxelOffset: box.start,
  })
  const inside = intersectBoxes(box, whole)
  if (inside !== null) {
    const read = await readBox(level, workers, { ...options, box: inside })
    copyRegion(read, zyx(0, 0, 0), chunk, subtractZyx(inside.start, box.start), boxSize(inside))
  }
  return chunk
}

/** What of a chunk goes where. @throws zarr-mismatch, zarr-options, zarr-unsupported */
function writable(
  level: OpenedArray,
  chunk: Chunk,
  allowUnaligned: boolean,
): { box: BoundingBox; voxels: Chunk } {
  const { layout, placement, where } = level
  if (layout.readOnly !== undefined)
    throw chunkflowError('zarr-unsupported', `${where} cannot be written here: ${layout.readOnly}`, {
      where,
      fix: 'write to a Zarr array without shards',
    })
  if (chunk.dtype !== layout.dtype || channelCount(chunk) !== (placement.channels ?? 1))
    throw chunkflowError(
      'zarr-mismatch',
      `${describeChunk(chunk)} does not fit ${where}, an array of ${placement.channels ?? 1} channels of ${layout.dtype}`,
      { where, fix: 'convert the chunk before, or write to another array' },
    )
  const box = intersectBoxes(chunkBox(chunk), placement.box)
  if (box === null)
    throw chunkflowError(
      'zarr-mismatch',
      `${formatBox(chunkBox(chunk))} lies outside ${where}, which covers ${formatBox(placement.box)}`,
      { where, fix: 'check the offset of the chunk and the z y x order of sizes' },
    )
  const grid = fileGridOf(level)
  const isWhole = [...chunksIn(grid, box)].every((part) => boxContains(box, part.box))
  if (!isWhole && !allowUnaligned)
    throw chunkflowError(
      'zarr-options',
      `${formatBox(box)} does not consist of whole ${layout.shards === null ? 'chunks' : 'shards'} of ${where}: ${formatFlag(grid.chunk.slice(1))}, counted from ${formatFlag(placement.box.start)}`,
      { where, fix: 'use boxes that are multiples of them, or --allow-unaligned' },
    )
  const hasChannels = chunk.shape.length === 4
  const voxels =
    hasChannels === (placement.channels !== null)
      ? chunk
      : withProperties(chunk, {
          shape: (hasChannels ? chunk.shape.slice(1) : [1, ...chunk.shape]) as unknown as Chunk['shape'],
        })
  return { box, voxels }
}
