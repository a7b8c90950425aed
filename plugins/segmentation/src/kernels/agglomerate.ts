import { allocate, type Zyx } from '@chunkflow/sdk'
import { affinityChannels, sectionsOf } from './affinity-channels.js'
import { type Fragments, type SegmentationServices, tooLarge } from './fragments.js'
import { openRegionGraph } from './region-graph.js'
import { slabsOf } from './slabs.js'

/**
 * Merges touching fragments, the pair with the largest mean affinity first, while 1 - mean is below the threshold
 * (specification 6.14; waterz with OneMinus<MeanAffinity>). Pairs of equal score are merged in the order in which a scan by
 * rows meets them. Scores are compared as 32-bit floats.
 * @param affinity (3, z, y, x)
 * @returns ids of fragments: a merged region has the lowest one of its parts
 * @throws affinity-invalid, segmentation-too-large
 */
export async function agglomerate(
  affinity: Float32Array,
  shapeZyx: Zyx,
  fragments: Fragments,
  threshold: number,
  services: SegmentationServices,
): Promise<BigUint64Array> {
  const { labels, count } = fragments
  const channels = affinityChannels(affinity, shapeZyx, services.channelOrder ?? 'xyz')
  const result = allocate('uint64', labels.length) as BigUint64Array
  if (count === 0) return result
  const plane = shapeZyx[1] * shapeZyx[2]
  const { session, close } = await openRegionGraph(fragments, channels, shapeZyx, services)
  try {
    const ids = fragments.ids === undefined ? 0 : { in: fragments.ids }
    if ((await session.call({ export: 'merge', args: [threshold, ids] })) === 0)
      throw tooLarge(`The borders of ${count} regions`)
    for (const slab of slabsOf(shapeZyx, 16, services.slabBytes)) {
      const part = sectionsOf(labels, plane, slab)
      const out = result.subarray(slab.first * plane, slab.first * plane + part.length)
      await session.call({ export: 'write', args: [{ in: part }, { out }, part.length, ids] })
      services.onSections?.(slab.planes)
    }
    return result
  } finally {
    await close()
  }
}
