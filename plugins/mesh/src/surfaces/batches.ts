import type { ComputeServices } from '@chunkflow/sdk/numerics'
import {
  countSurfaces,
  extractSurfaces,
  type LabelSections,
  type SurfaceCounts,
  type Surfaces,
} from './surfaces.js'

/** Labels whose surfaces are extracted together: those at [from, to) of a list. */
export interface Batch {
  readonly from: number
  readonly to: number
}

/** How much is held at once, in triangles. */
export interface BatchLimits {
  /** In a batch: the triangles and their vertices take about 18 bytes each, in the kernel and outside. */
  readonly batchTriangles: number
  /** An object with more is simplified in parts: a simplifier takes about 150 bytes for each. */
  readonly partTriangles: number
}
export const BATCH_LIMITS: BatchLimits = Object.freeze({ batchTriangles: 2 ** 24, partTriangles: 2 ** 22 })

/** Neighbouring labels that together stay within the limit; a label with many triangles makes a batch of its own. */
export function* batchesOf(
  { triangles }: SurfaceCounts,
  { batchTriangles, partTriangles }: BatchLimits = BATCH_LIMITS,
): Generator<Batch> {
  let from = 0
  let held = 0
  for (let index = 0; index < triangles.length; index++) {
    const count = triangles[index]!
    const isLarge = count > partTriangles
    if (from < index && (isLarge || held + count > batchTriangles)) {
      yield { from, to: index }
      from = index
      held = 0
    }
    held += count
    if (isLarge) {
      yield { from, to: index + 1 }
      from = index + 1
      held = 0
    }
  }
  if (from < triangles.length) yield { from, to: triangles.length }
}

/**
 * The surface of one label in parts along z, each within the limit unless it is a single layer of cells. Parts share a
 * section, and the vertices in it.
 */
export async function* partsOf(
  labels: LabelSections,
  id: bigint,
  services: ComputeServices,
  { partTriangles }: BatchLimits = BATCH_LIMITS,
): AsyncGenerator<Surfaces> {
  const ids = BigUint64Array.of(id)
  const counts = await countSurfaces(labels, ids, services)
  const count = counts.triangles[0]!
  const layers = labels.stop - 1 - labels.first
  if (count === 0) return
  if (count <= partTriangles || layers === 1) {
    yield await extractSurfaces(labels, ids, counts, services)
    return
  }
  const pieces = Math.min(layers, Math.ceil(count / partTriangles))
  for (let piece = 0; piece < pieces; piece++) {
    const first = labels.first + Math.floor((piece * layers) / pieces)
    const stop = labels.first + Math.floor(((piece + 1) * layers) / pieces) + 1
    yield* partsOf({ ...labels, first, stop }, id, services, { batchTriangles: partTriangles, partTriangles })
  }
}
