import type { Chunk, KernelSession, ProgressBar, Skeleton, Skeletons, Zyx } from '@chunkflow/sdk'
import { type ComputeServices, computeOptions } from '@chunkflow/sdk/numerics'
import type { LabelledObject } from './objects.js'
import base64 from './skeletonize.wasm.js'
import { kernelBytes, requireSize, type TeasarParameters, traceObject } from './trace-object.js'

/** Larger objects are traced one after the other, each in memory of its own. */
const LARGE_BYTES = 256 * 2 ** 20

/**
 * The skeletons of objects, by ascending id, whatever order they are traced in.
 * @param chunk 3-D integers or bool
 * @param objects of the chunk
 * @throws skeleton-too-large, before anything is traced
 */
export async function skeletonizeObjects(
  chunk: Chunk,
  objects: readonly LabelledObject[],
  voxelSizeNm: Zyx,
  parameters: TeasarParameters,
  services: ComputeServices,
  bar?: Pick<ProgressBar, 'advance'>,
): Promise<Skeletons> {
  for (const object of objects) requireSize(object)
  const isLarge = (object: LabelledObject): boolean => kernelBytes(object) > LARGE_BYTES
  const found = new Map<bigint, Skeleton>()

  async function traceAll(queue: LabelledObject[]): Promise<void> {
    if (queue.length === 0) return
    const session = await services.compute.open({ name: 'skeletonize', base64 }, computeOptions(services))
    try {
      for (let object = queue.pop(); object !== undefined; object = queue.pop())
        await traceOne(session, object)
    } finally {
      await session.close()
    }
  }
  async function traceOne(session: KernelSession, object: LabelledObject): Promise<void> {
    services.signal?.throwIfAborted()
    found.set(object.id, await traceObject(session, chunk, object, voxelSizeNm, parameters))
    bar?.advance(object.voxels)
  }

  for (const object of objects.filter(isLarge)) await traceAll([object])
  // the largest first, so that no worker is left with it at the end
  const queue = objects.filter((object) => !isLarge(object)).sort((left, right) => left.voxels - right.voxels)
  const lanes = Math.max(1, Math.min(services.compute.concurrency, queue.length))
  const results = await Promise.allSettled(Array.from({ length: lanes }, () => traceAll(queue)))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return new Map(objects.map(({ id }) => [id, found.get(id)!]))
}
