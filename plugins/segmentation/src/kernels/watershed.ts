import {
  type Chunk,
  type Compute,
  channelOf,
  chunkflowError,
  describeChunk,
  type KernelArgument,
  type KernelSession,
  type ProgressBar,
  spatialSize,
  type Zyx,
} from '@chunkflow/sdk'
import { uniqueLabels } from '@chunkflow/sdk/numerics'
import agglomerateBase64 from './agglomerate.wasm.js'
import { planeRanges } from './slabs.js'
import watershedBase64 from './watershed.wasm.js'

/** Nine bytes a voxel (pointers, labels, queue) must fit into WebAssembly's memory beside the region graph. */
export const MAXIMUM_VOXELS = 350e6

/** Edge affinities to the lower neighbour along z, y and x; each depth x height x width. */
export interface AffinityChannels {
  readonly z: Float32Array
  readonly y: Float32Array
  readonly x: Float32Array
  readonly size: Zyx
}

export interface SegmentationServices {
  readonly compute: Compute
  readonly signal?: AbortSignal | undefined
  readonly progress?: ProgressBar
}

/** @param flip the channels come in the order x, y, z. @throws affinity-invalid */
export function affinityChannels(chunk: Chunk, flip: boolean): AffinityChannels {
  if (chunk.dtype !== 'float32' || chunk.shape.length !== 4 || chunk.shape[0] !== 3)
    throw chunkflowError(
      'affinity-invalid',
      `agglomerate takes affinity maps of 3 float32 channels, not ${describeChunk(chunk)}`,
      { fix: 'name the output of inference with --input-chunk-name' },
    )
  const [first, second, third] = [0, 1, 2].map((channel) => channelOf(chunk, channel).data as Float32Array)
  return { z: (flip ? third : first)!, y: second!, x: (flip ? first : third)!, size: spatialSize(chunk) }
}

/** A volume at work: its labels stay in the kernel's memory. */
export class RegionSession {
  readonly #session: KernelSession
  readonly #size: Zyx
  readonly #voxels: number
  readonly #progress: ProgressBar | undefined

  private constructor(session: KernelSession, size: Zyx, progress: ProgressBar | undefined) {
    this.#session = session
    this.#size = size
    this.#voxels = size[0] * size[1] * size[2]
    this.#progress = progress
  }

  /** @throws segmentation-too-large */
  static async open(size: Zyx, { compute, signal, progress }: SegmentationServices): Promise<RegionSession> {
    const voxels = size[0] * size[1] * size[2]
    if (voxels > MAXIMUM_VOXELS)
      throw chunkflowError(
        'segmentation-too-large',
        `${size.join('×')} are ${Math.round(voxels / 1e6)} million voxels; at most ${MAXIMUM_VOXELS / 1e6} million can be segmented at once`,
        { fix: 'use smaller task boxes' },
      )
    const kernel = { name: 'watershed', base64: watershedBase64 }
    return new RegionSession(
      await compute.open(kernel, signal === undefined ? {} : { signal }),
      size,
      progress,
    )
  }

  get #bits(): KernelArgument {
    return { keep: 'bits', bytes: Math.max(1, this.#voxels) }
  }
  get #labels(): KernelArgument {
    return { keep: 'labels', bytes: Math.max(4, this.#voxels * 4) }
  }

  /** Fills the labels with watershed basins. @returns their number */
  async watershed({ z, y, x }: AffinityChannels, low: number, high: number): Promise<number> {
    const [depth, height, width] = this.#size
    const plane = height * width
    // pointers first: the labels' memory is the plateau queue in between
    for (const { first, planes } of planeRanges(this.#size, 12)) {
      const part = (channel: Float32Array, extra = 0): KernelArgument => ({
        in: channel.subarray(first * plane, Math.min(depth, first + planes + extra) * plane),
      })
      await this.#session.call({
        export: 'steepest',
        args: [this.#bits, part(z, 1), part(y), part(x), first, planes, depth, height, width, low, high],
      })
      this.#progress?.advance(planes)
    }
    await this.#session.call({
      export: 'drainPlateaus',
      args: [this.#bits, { scratch: Math.max(4, this.#voxels * 4) }, this.#voxels, plane, width],
    })
    return (
      Number(
        await this.#session.call({
          export: 'labelBasins',
          args: [this.#bits, this.#labels, this.#voxels, plane, width, { heap: true }],
        }),
      ) >>> 0
    )
  }

  /** Fills the labels with given fragments. @returns their ids, ascending */
  async useFragments(fragments: Chunk, services: SegmentationServices): Promise<BigUint64Array> {
    const { ids } = await uniqueLabels(fragments.data, fragments.dtype, services)
    const data = fragments.data as BigUint64Array
    const plane = this.#size[1] * this.#size[2]
    for (const { first, planes } of planeRanges(this.#size, 8)) {
      const part = data.subarray(first * plane, (first + planes) * plane)
      await this.#session.call({
        export: 'denseLabels',
        args: [{ in: ids }, ids.length, { in: part }, this.#labels, first * plane, part.length],
      })
    }
    return ids
  }

  /**
   * Merges touching regions by mean affinity. @param regions number of labels
   * @returns u32 by label, 0 included: the label each one ended in
   */
  async mergeRegions(
    affinity: AffinityChannels,
    regions: number,
    threshold: number,
    { compute, signal }: SegmentationServices,
  ): Promise<Uint32Array> {
    const graph = await this.#regionGraph(affinity)
    const roots = new Uint32Array(new SharedArrayBuffer((regions + 1) * 4))
    const kernel = { name: 'agglomerate', base64: agglomerateBase64 }
    await compute.run(
      kernel,
      {
        export: 'agglomerate',
        args: [
          { in: graph.table },
          graph.capacity,
          graph.edges,
          regions,
          threshold,
          { out: roots },
          { heap: true },
        ],
      },
      signal === undefined ? {} : { signal },
    )
    return roots
  }

  async #regionGraph({
    z,
    y,
    x,
  }: AffinityChannels): Promise<{ table: Uint8Array; capacity: number; edges: number }> {
    const [, height, width] = this.#size
    const plane = height * width
    let capacity = 1 << 16
    const tableOf = (size: number): KernelArgument & { keep: string; bytes: number } => ({
      keep: `edges ${size}`,
      bytes: size * 24,
    })
    const state = { keep: 'graph state', bytes: 16 } as const
    for (const { first, planes } of planeRanges(this.#size, 12)) {
      const part = (channel: Float32Array): KernelArgument => ({
        in: channel.subarray(first * plane, (first + planes) * plane),
      })
      const call = () =>
        this.#session.call({
          export: 'addFaces',
          args: [
            tableOf(capacity),
            capacity,
            state,
            this.#labels,
            part(z),
            part(y),
            part(x),
            first,
            planes,
            height,
            width,
          ],
        })
      while ((await call()) === 0) {
        await this.#session.call({
          export: 'growTable',
          args: [tableOf(capacity), capacity, tableOf(capacity * 4), capacity * 4],
        })
        capacity *= 4
      }
      this.#progress?.advance(planes)
    }
    const counters = new Uint32Array(1)
    await this.#session.readKept(state.keep, 0, counters)
    const table = new Uint8Array(new SharedArrayBuffer(capacity * 24))
    await this.#session.readKept(tableOf(capacity).keep, 0, table)
    return { table, capacity, edges: counters[0]! }
  }

  /** Writes final 64-bit ids: of the fragments when they have some, else the labels themselves. */
  async write(out: BigUint64Array, roots: Uint32Array, ids: BigUint64Array | undefined): Promise<void> {
    const plane = this.#size[1] * this.#size[2]
    for (const { first, planes } of planeRanges(this.#size, 8)) {
      const part = out.subarray(first * plane, (first + planes) * plane)
      await this.#session.call({
        export: 'writeLabels',
        args: [
          this.#labels,
          first * plane,
          { in: roots },
          ids === undefined ? 0 : { in: ids },
          { out: part },
          part.length,
        ],
      })
    }
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}
