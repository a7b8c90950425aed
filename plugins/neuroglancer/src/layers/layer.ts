import type { Zyx } from '@chunkflow/sdk'
import type { LevelSource } from '../levels/level-source.js'
import type { StoredMeshes } from './stored-meshes.js'

/** How voxels are shown. */
export type ArrayRole = 'image' | 'probability' | 'segmentation'

export interface ArrayLayer {
  readonly kind: 'array'
  readonly name: string
  readonly role: ArrayRole
  readonly source: LevelSource
  /** Of one channel. */
  readonly color: string | undefined
  /** Values that are worth showing. */
  readonly range: readonly [low: number, high: number]
  /** Surfaces of the objects of a segmentation. */
  readonly meshes?: StoredMeshes | undefined
}

/** Points, or lines from one point to another. */
export interface AnnotationLayer {
  readonly kind: 'annotations'
  readonly name: string
  readonly geometry: 'point' | 'line'
  /** x y z of each point, or of both ends of each line, in voxels. */
  readonly coordinates: Float32Array
  readonly voxelSizeNm: Zyx
  readonly color: string
  /** Pixels: a point's diameter, a line's width. */
  readonly size: number
}

/** Centre lines of objects, each in a colour of its own unless one is given for all. */
export interface SkeletonLayer {
  readonly kind: 'skeletons'
  readonly name: string
  readonly skeletons: ReadonlyMap<bigint, Skeleton>
  readonly color: string | undefined
}

export interface Skeleton {
  /** x y z in nm. */
  readonly vertices: Float32Array
  /** Two indices an edge. */
  readonly edges: Uint32Array
}

/** Triangle meshes of objects. */
export interface MeshLayer {
  readonly kind: 'meshes'
  readonly name: string
  readonly meshes: ReadonlyMap<bigint, Mesh>
}

export interface Mesh {
  /** x y z in nm. */
  readonly vertices: Float32Array
  /** Three indices a triangle. */
  readonly triangles: Uint32Array
}

export type Layer = ArrayLayer | AnnotationLayer | MeshLayer | SkeletonLayer
