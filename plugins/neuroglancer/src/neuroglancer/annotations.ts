import type { AnnotationLayer } from '../layers/layer.js'
import { bytes, json, type Reply } from '../server/reply.js'

/**
 * A layer of points or lines in Neuroglancer's annotation format, one cell holding all of them:
 * https://github.com/google/neuroglancer/blob/master/src/datasource/precomputed/annotations.md
 */
export function serveAnnotations(layer: AnnotationLayer): (path: string) => Reply | undefined {
  return (path) => {
    if (path === 'info') return json(infoOf(layer))
    if (path === 'all/0_0_0') return bytes(encodeAll(layer))
    const id = /^by_id\/(\d{1,12})$/.exec(path)?.[1]
    return id !== undefined && Number(id) < countOf(layer) ? bytes(encodeOne(layer, Number(id))) : undefined
  }
}

const numbersEach = ({ geometry }: AnnotationLayer): 3 | 6 => (geometry === 'point' ? 3 : 6)
const countOf = (layer: AnnotationLayer): number => layer.coordinates.length / numbersEach(layer)

function infoOf(layer: AnnotationLayer): object {
  const { coordinates, geometry, voxelSizeNm } = layer
  const lower = [0, 1, 2].map((axis) => extreme(coordinates, axis, Math.min, 0))
  // a box needs an extent, also around one point
  const upper = [0, 1, 2].map((axis) => extreme(coordinates, axis, Math.max, 0) + 1)
  return {
    '@type': 'neuroglancer_annotations_v1',
    dimensions: Object.fromEntries(
      ['x', 'y', 'z'].map((name, axis) => [name, [voxelSizeNm[2 - axis]! / 1e9, 'm']]),
    ),
    lower_bound: lower,
    upper_bound: upper,
    annotation_type: geometry === 'point' ? 'POINT' : 'LINE',
    properties: [],
    relationships: [],
    by_id: { key: 'by_id' },
    spatial: [
      {
        key: 'all',
        grid_shape: [1, 1, 1],
        chunk_size: upper.map((value, axis) => value - lower[axis]!),
        limit: Math.max(1, countOf(layer)),
      },
    ],
  }
}

function extreme(
  coordinates: Float32Array,
  axis: number,
  choose: (left: number, right: number) => number,
  none: number,
): number {
  if (coordinates.length === 0) return none
  let best = coordinates[axis]!
  for (let index = axis; index < coordinates.length; index += 3) best = choose(best, coordinates[index]!)
  return best
}

const bytesEach = (layer: AnnotationLayer): number => numbersEach(layer) * 4

function writeOne(layer: AnnotationLayer, index: number, view: DataView, at: number): void {
  const numbers = numbersEach(layer)
  for (let part = 0; part < numbers; part++)
    view.setFloat32(at + 4 * part, layer.coordinates[index * numbers + part]!, true)
}

function encodeOne(layer: AnnotationLayer, index: number): Uint8Array {
  const encoded = new Uint8Array(bytesEach(layer))
  writeOne(layer, index, new DataView(encoded.buffer), 0)
  return encoded
}

/** How many, each of them, then their ids. */
function encodeAll(layer: AnnotationLayer): Uint8Array {
  const count = countOf(layer)
  const each = bytesEach(layer)
  const encoded = new Uint8Array(8 + count * (each + 8))
  const view = new DataView(encoded.buffer)
  view.setBigUint64(0, BigInt(count), true)
  for (let index = 0; index < count; index++) {
    writeOne(layer, index, view, 8 + index * each)
    view.setBigUint64(8 + count * each + index * 8, BigInt(index), true)
  }
  return encoded
}
