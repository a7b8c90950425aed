import { encodeFragment } from './fragment.js'
import { encodeObj } from './obj.js'
import { encodePly } from './ply.js'

/** A mesh as files hold it. */
export interface FileMesh {
  /** x y z in nm. */
  readonly vertices: Float32Array
  /** Three vertices each, anticlockwise seen from outside. */
  readonly triangles: Uint32Array
}

export const MESH_FORMATS = ['ply', 'obj', 'precomputed'] as const
export type MeshFormat = (typeof MESH_FORMATS)[number]

const ENCODERS: Readonly<Record<MeshFormat, (mesh: FileMesh) => Uint8Array<ArrayBuffer>>> = {
  ply: encodePly,
  obj: encodeObj,
  precomputed: encodeFragment,
}

export const encodeMesh = (mesh: FileMesh, format: MeshFormat): Uint8Array<ArrayBuffer> =>
  ENCODERS[format](mesh)
