import { type Chunk, cloneChunk, spatialSize, type TypedArray, type Zyx } from '@chunkflow/sdk'
import { type ComputeServices, labelComponents } from '@chunkflow/sdk/numerics'
import { openRegionGraph } from './region-graph.js'

/** A volume cut into regions of equal value; two regions are neighbours when they share a face. */
interface RegionMap {
  /** The region of every voxel: 1 to `backgroundCount` where the value is 0, above for objects. */
  readonly regions: Uint32Array
  readonly backgroundCount: number
  /** By region: a voxel of it. */
  readonly voxelOf: Uint32Array
  /** By region: 1 when it touches the border of the volume. */
  readonly isOutside: Uint8Array
  neighbours(region: number): Uint32Array
}

/**
 * Fills the holes of every object: background that cannot reach the border of the volume, by steps through faces, without
 * crossing the object. Other objects inside stay as they are; background between them and the object is part of its hole.
 * Where objects lie within each other, a hole belongs to the innermost one around it.
 * @param chunk 3-D labels, exact for 64 bits; offset, voxel size and layer type are kept
 * @throws dtype-unsupported for floats
 */
export async function fillHoles(chunk: Chunk, services: ComputeServices): Promise<Chunk> {
  const result = cloneChunk(chunk)
  if (chunk.data.length === 0) return result
  const map = await mapRegions(chunk, services)
  const filledBy = findEnclosing(map, (region) => chunk.data[map.voxelOf[region]!]!)
  const { regions, backgroundCount } = map
  const target = result.data as Uint8Array
  for (let voxel = 0; voxel < regions.length; voxel++) {
    const region = regions[voxel]!
    if (region <= backgroundCount && filledBy[region] !== 0)
      target[voxel] = target[map.voxelOf[filledBy[region]!]!]!
  }
  return result
}

async function mapRegions({ data, dtype, ...chunk }: Chunk, services: ComputeServices): Promise<RegionMap> {
  const size = spatialSize(chunk)
  const background = await labelComponents(isZero(data), 'uint8', size, 6, services)
  const objects = await labelComponents(data, dtype, size, 6, services)
  const regions = objects.labels
  const count = background.count + objects.count
  const voxelOf = new Uint32Array(count + 1)
  for (let voxel = 0; voxel < regions.length; voxel++) {
    const region = background.labels[voxel]! || background.count + regions[voxel]!
    regions[voxel] = region
    voxelOf[region] = voxel
  }
  const graph = await openRegionGraph({ labels: regions, count }, undefined, size, services)
  try {
    return {
      regions,
      backgroundCount: background.count,
      voxelOf,
      isOutside: findOutside(regions, size, count),
      neighbours: neighbourLists(await graph.pairs(), count),
    }
  } finally {
    await graph.close()
  }
}

function isZero(data: TypedArray): Uint8Array {
  const zeros = new Uint8Array(new SharedArrayBuffer(data.length))
  if (data.BYTES_PER_ELEMENT === 8) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length * 2)
    for (let voxel = 0; voxel < zeros.length; voxel++)
      zeros[voxel] = (words[2 * voxel]! | words[2 * voxel + 1]!) === 0 ? 1 : 0
  } else for (let voxel = 0; voxel < zeros.length; voxel++) zeros[voxel] = data[voxel] === 0 ? 1 : 0
  return zeros
}

function findOutside(regions: Uint32Array, [depth, height, width]: Zyx, count: number): Uint8Array {
  const isOutside = new Uint8Array(count + 1)
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const isFace = z === 0 || z === depth - 1 || y === 0 || y === height - 1
      const step = isFace ? 1 : Math.max(1, width - 1)
      for (let x = 0; x < width; x += step) isOutside[regions[(z * height + y) * width + x]!] = 1
    }
  return isOutside
}

function neighbourLists(pairs: Uint32Array, count: number): RegionMap['neighbours'] {
  const ends = new Uint32Array(count + 2)
  for (const region of pairs) ends[region + 1]! += 1
  for (let region = 1; region < ends.length; region++) ends[region]! += ends[region - 1]!
  const lists = new Uint32Array(pairs.length)
  const next = ends.slice()
  for (let index = 0; index < pairs.length; index += 2) {
    const [one, other] = [pairs[index]!, pairs[index + 1]!]
    lists[next[one]!++] = other
    lists[next[other]!++] = one
  }
  return (region) => lists.subarray(ends[region]!, ends[region + 1]!)
}

/** For every region of background a region of the object that encloses it; 0 when none does. */
function findEnclosing(map: RegionMap, idOf: (region: number) => number | bigint): Uint32Array {
  const { backgroundCount, isOutside, neighbours } = map
  const enclosing = new Uint32Array(backgroundCount + 1)
  const explorer = new Explorer(map)
  for (let region = 1; region <= backgroundCount; region++) {
    if (isOutside[region] === 1) continue
    const around = neighbours(region)
    const first = around[0]!
    const isAlone = around.every((other) => idOf(other) === idOf(first))
    // an object around the region lies across every way out, so also across the shortest one
    enclosing[region] = isAlone
      ? first
      : (explorer
          .wayOut(region, () => true)!
          .find(
            (step) =>
              step > backgroundCount &&
              explorer.wayOut(region, (other) => idOf(other) !== idOf(step)) === undefined,
          ) ?? 0)
  }
  return enclosing
}

/** Searches ways over neighbouring regions to the border, breadth first. */
class Explorer {
  readonly #map: RegionMap
  readonly #from: Uint32Array
  /** The search that reached a region last. */
  readonly #reachedBy: Uint32Array
  #search = 0

  constructor(map: RegionMap) {
    this.#map = map
    this.#from = new Uint32Array(map.voxelOf.length)
    this.#reachedBy = new Uint32Array(map.voxelOf.length)
  }

  /** Regions on a shortest way, from the start on; undefined when there is no way through regions that may be crossed. */
  wayOut(start: number, mayCross: (region: number) => boolean): number[] | undefined {
    const { isOutside, neighbours } = this.#map
    this.#search += 1
    this.#reachedBy[start] = this.#search
    const queue = [start]
    for (const region of queue) {
      if (isOutside[region] === 1) return this.#wayTo(region, start)
      for (const other of neighbours(region)) {
        if (this.#reachedBy[other] === this.#search || !mayCross(other)) continue
        this.#reachedBy[other] = this.#search
        this.#from[other] = region
        queue.push(other)
      }
    }
    return undefined
  }

  #wayTo(end: number, start: number): number[] {
    const way = [end]
    while (way[0] !== start) way.unshift(this.#from[way[0]!]!)
    return way
  }
}
