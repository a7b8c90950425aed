export type { LayerDescription, ValuesAtPoint } from '../../view/description.js'
export { PLANES, type PlaneName, TILE_VOXELS, type TileAddress } from '../../view/planes.js'

/** z, y, x */
export type Triple = [number, number, number]

export const AXES = ['z', 'y', 'x'] as const
