import {
  type BoundingBox,
  boundingBox,
  boxContainsPoint,
  boxFromSize,
  elementAsNumber,
  isBigDtype,
  type TypedArray,
  type Zyx,
  zyx,
} from '@chunkflow/sdk'
import type { ArrayLayer } from '../layers/layer.js'
import type { Level } from '../levels/level-source.js'
import { toServed } from '../neuroglancer/served-array.js'
import type { Limiter } from '../server/limiter.js'
import { bytes, json, type Reply, type Route, refusal } from '../server/reply.js'
import { describeLayer, tileDtype, type ValuesAtPoint } from './description.js'
import { PLANES, type Plane, type PlaneName, TILE_VOXELS, type TileAddress } from './planes.js'

/** `layers.json`, `tiles/layer/level/plane/at/row_column` and `values?z=…&y=…&x=…` (nm). */
export function viewRoutes(layers: readonly ArrayLayer[], limiter: Limiter): Route[] {
  return [
    async ({ method, path, query, signal }) => {
      if (method !== 'GET') return undefined
      if (path === 'layers.json') return json(layers.map(describeLayer))
      if (path === 'values') return values(layers, query)
      const tile = parseTile(path)
      const layer = tile === null ? undefined : layers[tile.layer]
      const level = tile === null ? undefined : layer?.source.levels[tile.level]
      if (tile === null || layer === undefined || level === undefined) return undefined
      const box = tileBox(level, tile)
      if (box === null) return refusal(404, 'there is no such tile')
      const voxels = await limiter.run(signal, () => layer.source.read(tile.level, box))
      if (voxels === undefined) return undefined
      const pixels = turn(voxels, layer.source.channels, box, PLANES[tile.plane])
      const served = toServed(pixels, layer.source.dtype, tileDtype(layer))
      return bytes(new Uint8Array(served.buffer, served.byteOffset, served.byteLength))
    },
  ]
}

function parseTile(path: string): TileAddress | null {
  const match = /^tiles\/(\d{1,4})\/(\d{1,2})\/(xy|zy|xz)\/(-?\d{1,12})\/(\d{1,6})_(\d{1,6})$/.exec(path)
  if (match === null) return null
  const [layer, level, at, row, column] = [1, 2, 4, 5, 6].map((group) => Number(match[group])) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { layer, level, plane: match[3] as PlaneName, at, row, column }
}

/** The voxels of a tile; tiles are counted from the level's first voxel and clipped at its end. */
function tileBox({ box }: Level, { plane, at, row, column }: TileAddress): BoundingBox | null {
  const { across, down, normal } = PLANES[plane]
  const start = [...box.start]
  const stop = [...box.stop]
  start[normal] = at
  stop[normal] = at + 1
  for (const [axis, index] of [
    [across, column],
    [down, row],
  ] as const) {
    start[axis] = box.start[axis] + index * TILE_VOXELS
    stop[axis] = Math.min(start[axis]! + TILE_VOXELS, box.stop[axis])
  }
  const inside = start.every((low, axis) => low >= box.start[axis]! && low < box.stop[axis]!)
  return inside ? boundingBox(start as unknown as Zyx, stop as unknown as Zyx) : null
}

/** From c z y x to channel, down, across. Only where z runs across is the order another one. */
function turn(voxels: TypedArray, channels: number, box: BoundingBox, { across, down }: Plane): TypedArray {
  if (across > down) return voxels
  const width = box.stop[across] - box.start[across]
  const height = box.stop[down] - box.start[down]
  const turned = voxels.slice()
  const [from, to] = [voxels as Uint8Array, turned as Uint8Array]
  for (let channel = 0; channel < channels; channel++)
    for (let v = 0; v < height; v++)
      for (let u = 0; u < width; u++)
        to[(channel * height + v) * width + u] = from[(channel * width + u) * height + v]!
  return turned
}

async function values(layers: readonly ArrayLayer[], query: URLSearchParams): Promise<Reply> {
  const nm = ['z', 'y', 'x'].map((axis) => Number(query.get(axis) ?? Number.NaN))
  if (!nm.every((value) => Number.isFinite(value) && Math.abs(value) < 1e15))
    return refusal(400, 'z, y and x are numbers of nm')
  return json(await Promise.all(layers.map((layer) => valuesIn(layer, nm))))
}

async function valuesIn({ name, source }: ArrayLayer, nm: readonly number[]): Promise<ValuesAtPoint> {
  const { box, voxelSizeNm } = source.levels[0]!
  const [z, y, x] = nm.map((value, axis) => Math.floor(value / voxelSizeNm[axis]!)) as [
    number,
    number,
    number,
  ]
  const voxel = zyx(z, y, x)
  if (!boxContainsPoint(box, voxel)) return { name, voxel, values: null }
  const found = await source.read(0, boxFromSize(voxel, zyx(1, 1, 1)))
  const texts = Array.from(found as Uint8Array, (value, index) =>
    isBigDtype(source.dtype) ? String(value) : String(elementAsNumber(found, source.dtype, index)),
  )
  return { name, voxel, values: texts }
}
