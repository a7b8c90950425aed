import { allocate, chunkflowError, formatSize, productZyx, type Zyx } from '@chunkflow/sdk'
import { computeOptions } from '@chunkflow/sdk/numerics'
import { affinityChannels, sectionsOf } from './affinity-channels.js'
import { type Fragments, type SegmentationServices, tooLarge } from './fragments.js'
import { planesPerSlab, slabsOf } from './slabs.js'
import base64 from './watershed.wasm.js'

const KERNEL_BYTES = 65535 * 65536
const AFFINITY_BYTES = 12

/**
 * Watershed fragments of an affinity map: each voxel drains along its strongest edges (specification 6.14; Zlateski and Seung
 * 2015). Pointers and labels, 5 bytes a voxel, stay in one WebAssembly memory; affinities pass through it by slabs.
 * @param affinity (3, z, y, x); a voxel's affinities to its lower neighbours
 * @param low edges up to it connect nothing
 * @param high edges from it on always connect
 * @returns labels in scan order of their first voxels
 * @throws affinity-invalid, affinity-thresholds, affinity-nan, segmentation-too-large
 */
export async function watershed(
  affinity: Float32Array,
  shapeZyx: Zyx,
  low: number,
  high: number,
  services: SegmentationServices,
): Promise<Fragments> {
  requireThresholds(low, high)
  requireSize(shapeZyx)
  const { z, y, x } = affinityChannels(affinity, shapeZyx, services.channelOrder ?? 'xyz')
  const [depth, height, width] = shapeZyx
  const plane = height * width
  const voxels = depth * plane
  const result = allocate('uint32', voxels) as Uint32Array
  if (voxels === 0) return { labels: result, count: 0 }
  const pointers = { keep: 'pointers', bytes: voxels + 2 * plane + 96 }
  const labels = { keep: 'labels', bytes: voxels * 4 }
  const session = await services.compute.open({ name: 'watershed', base64 }, computeOptions(services))
  try {
    for (const slab of slabsOf(shapeZyx, AFFINITY_BYTES, services.slabBytes)) {
      const unordered = await session.call({
        export: 'steepest',
        args: [
          pointers,
          { in: sectionsOf(z, plane, slab, 1) },
          { in: sectionsOf(y, plane, slab) },
          { in: sectionsOf(x, plane, slab) },
          { scratch: width * 8 + 4 },
          ...[slab.first, slab.planes, depth, height, width, Math.fround(low), Math.fround(high)],
        ],
      })
      if (unordered === 1)
        throw chunkflowError(
          'affinity-nan',
          `Sections ${slab.first} to ${slab.first + slab.planes} of the affinity map contain NaN`,
          { fix: 'look at the input of the network: a voxel that is no number spoils all it touches' },
        )
      services.onSections?.(slab.planes)
    }
    // until voxels are labelled the memory of the labels is the queue
    await session.call({ export: 'drain', args: [pointers, labels, voxels, plane, width] })
    const count = await session.call({ export: 'label', args: [pointers, labels, voxels, plane, width] })
    for (const slab of slabsOf(shapeZyx, 4, services.slabBytes))
      await session.readKept(labels.keep, slab.first * plane * 4, sectionsOf(result, plane, slab))
    return { labels: result, count: Number(count) >>> 0 }
  } finally {
    await session.close()
  }
}

/** @throws affinity-thresholds */
export function requireThresholds(low: number, high: number): void {
  if (Math.fround(low) >= Math.fround(high))
    throw chunkflowError(
      'affinity-thresholds',
      `--aff-threshold-low ${low} is not below --aff-threshold-high ${high}`,
      { fix: 'edges up to the low threshold are cut, from the high one on they always connect' },
    )
}

/** @throws segmentation-too-large */
export function requireSize(shapeZyx: Zyx): void {
  const [, height, width] = shapeZyx
  const plane = height * width
  const slab = (planesPerSlab(shapeZyx, AFFINITY_BYTES) + 1) * plane * AFFINITY_BYTES
  if (productZyx(shapeZyx) * 5 + 2 * plane + slab + width * 8 + 2 ** 16 > KERNEL_BYTES)
    throw tooLarge(
      `The labels of ${formatSize(shapeZyx)} voxels`,
      'work on smaller chunks: about 850 million voxels fit',
    )
}
