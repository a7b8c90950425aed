import { defineWorker, withTransfer } from '@chunkflow/sdk'
import { encodeMesh, type FileMesh, type MeshFormat } from './formats/encode.js'
import { decodeFragment } from './formats/fragment.js'
import { pack, unpack } from './formats/stored-bytes.js'
import { joinMeshes } from './worker/join.js'
import { type Placement, placeMesh } from './worker/place.js'
import { type SimplifyOptions, simplify, type WordMesh } from './worker/simplify.js'

export interface FileOptions extends Placement {
  readonly format: MeshFormat
  readonly gzip: boolean
}

/** Surfaces of some objects, as extraction gives them, and how large each is. */
export interface BuildRequest extends FileOptions, SimplifyOptions {
  readonly vertices: Uint32Array
  readonly triangles: Uint32Array
  readonly vertexCounts: Uint32Array
  readonly triangleCounts: Uint32Array
}

/** One part of the surface of a large object. */
export type ReduceRequest = WordMesh & SimplifyOptions

export interface JoinRequest extends FileOptions {
  readonly parts: readonly WordMesh[]
}

export interface StoredFragment {
  readonly bytes: Uint8Array
  readonly contentEncoding: string | undefined
  /** For messages. */
  readonly where: string
}

export interface MergeRequest {
  readonly fragments: readonly StoredFragment[]
  readonly format: MeshFormat
}

function print(
  mesh: FileMesh,
  { format, gzip }: Pick<FileOptions, 'format' | 'gzip'>,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeMesh(mesh, format)
  return gzip ? pack(bytes) : bytes
}

/** The part of an array that holds so many triples from some triple on. */
const triplesOf = (array: Uint32Array, from: number, count: number): Uint32Array =>
  array.subarray(from * 3, (from + count) * 3)

/** Simplification, joining and encoding, on threads of their own. */
export default defineWorker({
  /** Files of whole objects, one for each. */
  async build(request: BuildRequest) {
    const files: Uint8Array<ArrayBuffer>[] = []
    let vertex = 0
    let triangle = 0
    for (let index = 0; index < request.vertexCounts.length; index++) {
      const mesh = {
        vertices: triplesOf(request.vertices, vertex, request.vertexCounts[index]!),
        triangles: triplesOf(request.triangles, triangle, request.triangleCounts[index]!),
      }
      vertex += request.vertexCounts[index]!
      triangle += request.triangleCounts[index]!
      files.push(print(placeMesh(await simplify(mesh, request), request), request))
    }
    return withTransfer(
      files,
      files.map(({ buffer }) => buffer),
    )
  },

  reduce: (request: ReduceRequest) => simplify(request, request),

  /** The file of one object. */
  join(request: JoinRequest) {
    const bytes = print(placeMesh(joinMeshes(request.parts), request), request)
    return withTransfer(bytes, [bytes.buffer])
  },

  /** One file of stored fragments. */
  merge({ fragments, format }: MergeRequest) {
    const meshes = fragments.map(({ bytes, contentEncoding, where }): WordMesh => {
      const { vertices, triangles } = decodeFragment(unpack(bytes, contentEncoding, where), where)
      return { vertices: new Uint32Array(vertices.buffer, vertices.byteOffset, vertices.length), triangles }
    })
    const { vertices, triangles } = joinMeshes(meshes)
    const mesh = { vertices: new Float32Array(vertices.buffer), triangles }
    const bytes = encodeMesh(mesh, format)
    return withTransfer(bytes, [bytes.buffer])
  },
})
