import type { Chunk } from '@chunkflow/sdk'
import { forEachParallel } from '@chunkflow/sdk'
import type { ComputeServices } from '@chunkflow/sdk/numerics'
import type { Crew } from './crew.js'
import type { BuildRequest, FileOptions, JoinRequest, ReduceRequest } from './mesh.worker.js'
import { BATCH_LIMITS, type BatchLimits, batchesOf, partsOf } from './surfaces/batches.js'
import { countSurfaces, extractSurfaces, type SurfaceCounts, type Surfaces } from './surfaces/surfaces.js'
import type { SimplifyOptions, WordMesh } from './worker/simplify.js'

export type BuildOptions = FileOptions & SimplifyOptions

export interface BuildServices extends ComputeServices {
  readonly crew: Crew
  readonly limits?: BatchLimits | undefined
}

/** A file of one object. */
export interface MeshFile {
  readonly id: bigint
  readonly bytes: Uint8Array
}

/** Triangles that make a job worth a message. */
const JOB_TRIANGLES = 2 ** 17
/** Writes under way for one job. */
const WRITES = 16

/**
 * Makes the file of each label and hands it to `write`, in no particular order; labels without a surface in the chunk (those
 * that fill it) get none. Held at once are the surfaces of one batch, not of all labels.
 * @param labels 3-D integers
 * @param ids labels that get meshes, ascending
 */
export async function buildMeshes(
  labels: Chunk,
  ids: BigUint64Array,
  options: BuildOptions,
  services: BuildServices,
  write: (file: MeshFile) => Promise<void>,
): Promise<void> {
  const { crew, signal, limits = BATCH_LIMITS } = services
  const sections = { chunk: labels, first: 0, stop: labels.shape[0]! }
  const counts = await countSurfaces(sections, ids, services)
  for (const { from, to } of batchesOf(counts, limits)) {
    signal?.throwIfAborted()
    const isLarge = to - from === 1 && counts.triangles[from]! > limits.partTriangles
    if (isLarge) {
      const bytes = await buildLarge(partsOf(sections, ids[from]!, services, limits), options, services)
      await write({ id: ids[from]!, bytes })
      continue
    }
    const own = {
      vertices: counts.vertices.slice(from, to),
      triangles: counts.triangles.slice(from, to),
    }
    const surfaces = await extractSurfaces(sections, ids.slice(from, to), own, services)
    await forEachParallel(jobsOf(surfaces, own), 2 * crew.size, signal, async (job, lane) => {
      const request: BuildRequest = { ...options, ...job.surfaces, ...job.counts }
      const files = await crew.call<Uint8Array[]>(lane, 'build', request)
      await forEachParallel(files.entries(), WRITES, signal, async ([index, bytes]) => {
        const isEmpty = job.counts.triangleCounts[index] === 0
        if (!isEmpty) await write({ id: ids[from + job.first + index]!, bytes })
      })
    })
  }
}

interface Job {
  /** Of the batch's labels. */
  readonly first: number
  readonly surfaces: Surfaces
  readonly counts: Pick<BuildRequest, 'vertexCounts' | 'triangleCounts'>
}

/** Neighbouring labels whose surfaces go to a worker together. */
function* jobsOf({ vertices, triangles }: Surfaces, counts: SurfaceCounts): Generator<Job> {
  let [first, vertex, triangle] = [0, 0, 0]
  while (first < counts.triangles.length) {
    let [stop, vertexStop, triangleStop] = [first, vertex, triangle]
    while (stop < counts.triangles.length && triangleStop - triangle < JOB_TRIANGLES) {
      vertexStop += counts.vertices[stop]!
      triangleStop += counts.triangles[stop]!
      stop++
    }
    yield {
      first,
      surfaces: {
        vertices: vertices.subarray(vertex * 3, vertexStop * 3),
        triangles: triangles.subarray(triangle * 3, triangleStop * 3),
      },
      counts: {
        vertexCounts: counts.vertices.slice(first, stop),
        triangleCounts: counts.triangles.slice(first, stop),
      },
    }
    ;[first, vertex, triangle] = [stop, vertexStop, triangleStop]
  }
}

/** The file of an object that is simplified part by part. */
async function buildLarge(
  parts: AsyncIterable<Surfaces>,
  options: BuildOptions,
  { crew, signal }: BuildServices,
): Promise<Uint8Array> {
  const reduced: WordMesh[] = []
  let next = 0
  const numbered = async function* () {
    for await (const part of parts) yield [next++, part] as const
  }
  await forEachParallel(numbered(), crew.size, signal, async ([index, part], lane) => {
    const { factor, maximumErrorNm, voxelSizeNm } = options
    const request: ReduceRequest = { ...part, factor, maximumErrorNm, voxelSizeNm }
    reduced[index] = await crew.call<WordMesh>(lane, 'reduce', request)
  })
  const request: JoinRequest = { ...options, parts: reduced }
  return crew.call<Uint8Array>(0, 'join', request)
}
