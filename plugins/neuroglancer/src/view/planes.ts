/** Planes by the axis they are perpendicular to: z, y and x. */
export interface Plane {
  readonly across: 0 | 1 | 2
  readonly down: 0 | 1 | 2
  readonly normal: 0 | 1 | 2
}

/** The three views of engineering drawings: lines through a point meet in all of them. */
export const PLANES: Readonly<Record<'xy' | 'zy' | 'xz', Plane>> = {
  xy: { across: 2, down: 1, normal: 0 },
  zy: { across: 0, down: 1, normal: 2 },
  xz: { across: 2, down: 0, normal: 1 },
}
export type PlaneName = keyof typeof PLANES

/** Voxels along a side of a tile, of the level that it shows. */
export const TILE_VOXELS = 256

/** Which tile: of which layer, level and plane, and where. */
export interface TileAddress {
  readonly layer: number
  readonly level: number
  readonly plane: PlaneName
  /** Global voxel along the plane's normal. */
  readonly at: number
  readonly row: number
  readonly column: number
}
