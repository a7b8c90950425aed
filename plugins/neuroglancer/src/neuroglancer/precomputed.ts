import {
  type BoundingBox,
  boxFromSize,
  boxSize,
  type Encoding,
  intersectBoxes,
  modulo,
  productZyx,
  reverseZyx,
  type ServiceFamily,
  subtractZyx,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { ArrayLayer } from '../layers/layer.js'
import type { Scratch } from '../levels/scratch.js'
import type { Limiter } from '../server/limiter.js'
import { bytes, json, type Reply, refusal, type ViewerRequest } from '../server/reply.js'
import { servedDtype, toServed } from './served-array.js'
import { serveStoredMeshes } from './stored-meshes.js'

const COMPRESSED = 'compressed_segmentation'
/** What meshes are called here, whatever the folder they lie in. */
const MESH_FOLDER = 'mesh/'

export interface PrecomputedServices {
  readonly encodings: ServiceFamily<Encoding> | undefined
  readonly limiter: Limiter
  readonly scratch: Scratch
}

/** Answers what a Neuroglancer precomputed volume is asked for: its info, and blocks, which are made on request. */
export function servePrecomputed(
  layer: ArrayLayer,
  services: PrecomputedServices,
): (path: string, request: ViewerRequest) => Promise<Reply | undefined> {
  const encoding = layer.role === 'segmentation' && services.encodings?.has(COMPRESSED) ? COMPRESSED : 'raw'
  const make = encoding === 'raw' ? rawBlock : compressedBlock
  const { source } = layer
  const dtype = servedDtype(layer)
  return async (path, { signal }) => {
    if (path === 'info') return json(infoOf(layer, encoding))
    const { meshes } = layer
    if (meshes !== undefined && path.startsWith(MESH_FOLDER))
      return services.limiter.run(signal, () =>
        serveStoredMeshes(meshes, path.slice(MESH_FOLDER.length), signal),
      )
    const asked = parseBlock(path)
    const level = asked === null ? undefined : source.levels[asked.level]
    if (asked === null || level === undefined) return undefined
    const block = gridBlock(level.box, asked.box, source.blockSize)
    if (block === null) return refusal(404, 'there is no such block')
    const body = await services.limiter.run(signal, () => make(asked.level, block))
    return body === undefined ? undefined : bytes(body)
  }

  async function rawBlock(level: number, block: BoundingBox): Promise<Uint8Array> {
    const voxels = await source.read(level, block)
    const served = toServed(voxels, source.dtype, dtype)
    return new Uint8Array(served.buffer, served.byteOffset, served.byteLength)
  }

  async function compressedBlock(level: number, block: BoundingBox): Promise<Uint8Array> {
    const coder = await services.encodings!.get(COMPRESSED)
    const size = boxSize(block)
    return services.scratch.use(source.dtype, productZyx(size), async (voxels) => {
      await source.read(level, block, voxels)
      const served = toServed(voxels, source.dtype, dtype)
      return coder.encode(served, { dtype, shapeCzyx: [1, ...size], settings: {} })
    })
  }
}

/** The volume's metadata: xyz order, as the format demands. */
function infoOf(layer: ArrayLayer, encoding: string): object {
  const { levels, channels, blockSize } = layer.source
  return {
    '@type': 'neuroglancer_multiscale_volume',
    type: layer.role === 'segmentation' ? 'segmentation' : 'image',
    data_type: servedDtype(layer),
    num_channels: channels,
    ...(layer.meshes === undefined ? {} : { mesh: MESH_FOLDER.slice(0, -1) }),
    scales: levels.map(({ box, voxelSizeNm }, index) => ({
      key: `s${index}`,
      size: reverseZyx(boxSize(box)),
      voxel_offset: reverseZyx(box.start),
      resolution: reverseZyx(voxelSizeNm),
      chunk_sizes: [reverseZyx(blockSize)],
      encoding,
      ...(encoding === COMPRESSED ? { compressed_segmentation_block_size: [8, 8, 8] } : {}),
    })),
  }
}

/** `s1/0-64_0-64_0-30`: xyz, as {@link infoOf} names it. */
function parseBlock(path: string): { readonly level: number; readonly box: BoundingBox } | null {
  const match =
    /^s(\d{1,2})\/(-?\d{1,12})-(-?\d{1,12})_(-?\d{1,12})-(-?\d{1,12})_(-?\d{1,12})-(-?\d{1,12})$/.exec(path)
  if (match === null) return null
  const [level, x0, x1, y0, y1, z0, z1] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (x0 >= x1 || y0 >= y1 || z0 >= z1) return null
  return { level, box: boxFromSize(zyx(z0, y0, x0), zyx(z1 - z0, y1 - y0, x1 - x0)) }
}

/** The block of the grid that was asked for; null for any other box, so that nobody can ask for a huge one. */
function gridBlock(whole: BoundingBox, asked: BoundingBox, blockSize: Zyx): BoundingBox | null {
  const fromOrigin = subtractZyx(asked.start, whole.start)
  if (fromOrigin.some((value, axis) => modulo(value, blockSize[axis]!) !== 0)) return null
  const block = intersectBoxes(boxFromSize(asked.start, blockSize), whole)
  return block !== null && block.stop.join() === asked.stop.join() ? block : null
}
