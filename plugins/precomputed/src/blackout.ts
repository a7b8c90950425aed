import { type Chunk, chunkflowError, rank, spatialSize } from '@chunkflow/sdk'

/** Where a volume lists its bad sections, as global z: `{ "section_ids": [z, ...] }`. */
export const BLACKOUT_FILE = 'blackout_section_ids.json'

/** The listed sections. @throws volume-info-invalid */
export function parseSectionIds(json: unknown, where: string): readonly number[] {
  const ids = (json as { section_ids?: unknown } | null)?.section_ids
  if (Array.isArray(ids) && ids.every(Number.isSafeInteger)) return ids
  throw chunkflowError('volume-info-invalid', `${BLACKOUT_FILE} is missing or has no list "section_ids"`, {
    where,
    fix: 'leave --blackout-sections out, or write {"section_ids": [z, ...]} beside the info file',
  })
}

/** Sets whole z sections of a 3-D chunk to 0. @param sectionIds global z */
export function blackOut(chunk: Chunk, sectionIds: readonly number[]): void {
  if (rank(chunk) !== 3)
    throw chunkflowError('shape-mismatch', 'Sections are blacked out in volumes with one channel only', {
      fix: 'leave --blackout-sections out',
    })
  const [sizeZ, sizeY, sizeX] = spatialSize(chunk)
  const data = chunk.data as Uint8Array
  // a bigint array is cleared by its bytes
  const bytes = data.BYTES_PER_ELEMENT
  for (const id of sectionIds) {
    const z = id - chunk.voxelOffset[0]
    if (z < 0 || z >= sizeZ) continue
    new Uint8Array(data.buffer, data.byteOffset + z * sizeY * sizeX * bytes, sizeY * sizeX * bytes).fill(0)
  }
}
