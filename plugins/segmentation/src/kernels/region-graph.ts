import type { KernelSession, Zyx } from '@chunkflow/sdk'
import { computeOptions } from '@chunkflow/sdk/numerics'
import { type AffinityChannels, sectionsOf } from './affinity-channels.js'
import base64 from './agglomerate.wasm.js'
import { type Fragments, type SegmentationServices, tooLarge } from './fragments.js'
import { piecesOf, planesPerSlab, type Slab, slabsOf } from './slabs.js'

/** Labels, affinities. */
const VOXEL_BYTES = 4 + 12
const PIECE_ELEMENTS = 2 ** 20

/** The regions of a volume and who touches whom, in a kernel's memory. */
export interface RegionGraph {
  readonly session: KernelSession
  /** Pairs of touching regions, one after the other. */
  pairs(): Promise<Uint32Array>
  close(): Promise<void>
}

/**
 * Finds all pairs of regions that share a face.
 * @param affinity sums affinities over the faces; undefined when only the pairs matter
 * @throws segmentation-too-large
 */
export async function openRegionGraph(
  { labels, count, ids }: Fragments,
  affinity: AffinityChannels | undefined,
  shapeZyx: Zyx,
  services: SegmentationServices,
): Promise<RegionGraph> {
  const [, height, width] = shapeZyx
  const plane = height * width
  const session = await services.compute.open({ name: 'agglomerate', base64 }, computeOptions(services))
  const check = (status: unknown): void => {
    if (status === 0) throw tooLarge(`The borders of ${count} regions`)
  }
  try {
    const slabBytes = (planesPerSlab(shapeZyx, VOXEL_BYTES, services.slabBytes) * VOXEL_BYTES + 4) * plane
    const roomBytes = Math.max(slabBytes, PIECE_ELEMENTS * 8) + (ids?.byteLength ?? 0) + 64
    const expected = 2 ** Math.min(24, Math.ceil(Math.log2(4 * count + 1024)))
    check(
      await session.call({
        export: 'begin',
        args: [{ heap: true }, roomBytes, count, expected],
      }),
    )
    for (const slab of slabsOf(shapeZyx, VOXEL_BYTES, services.slabBytes)) {
      const sections = { in: withSectionBefore(labels, plane, slab) }
      const size = [slab.first === 0 ? 1 : 0, slab.planes, height, width]
      check(
        await session.call(
          affinity === undefined
            ? { export: 'addContacts', args: [sections, ...size] }
            : {
                export: 'addFaces',
                args: [
                  sections,
                  { in: sectionsOf(affinity.z, plane, slab) },
                  { in: sectionsOf(affinity.y, plane, slab) },
                  { in: sectionsOf(affinity.x, plane, slab) },
                  ...size,
                ],
              },
        ),
      )
      services.onSections?.(slab.planes)
    }
  } catch (error) {
    await session.close()
    throw error
  }
  return {
    session,
    pairs: async () => {
      const total = Number(await session.call({ export: 'countEdges', args: [] })) >>> 0
      const ends = new Uint32Array(new SharedArrayBuffer(total * 8))
      for (const { from, to } of piecesOf(total, PIECE_ELEMENTS))
        await session.call({
          export: 'readEdges',
          args: [from, to - from, { out: ends.subarray(2 * from, 2 * to) }],
        })
      return ends
    },
    close: () => session.close(),
  }
}

const withSectionBefore = (labels: Uint32Array, plane: number, { first, planes }: Slab): Uint32Array =>
  labels.subarray(Math.max(0, first - 1) * plane, (first + planes) * plane)
