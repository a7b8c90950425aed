import type { LayerDescription, TileAddress } from './types.js'

export type TileValues = Uint8Array | Uint16Array | Float32Array | Uint32Array | BigUint64Array

export interface Tile {
  readonly values: TileValues
  /** The picture, and for which settings it was painted. */
  picture?: { readonly canvas: HTMLCanvasElement; readonly key: string }
}

const CONSTRUCTORS = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  float32: Float32Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const

const KEPT = 400

/** Tiles that were fetched, those used longest ago given up first. */
export class TileStore {
  readonly #tiles = new Map<string, Tile>()
  readonly #underWay = new Map<string, AbortController>()
  constructor(
    readonly layers: readonly LayerDescription[],
    readonly arrived: () => void,
    readonly failed: (reason: string) => void,
  ) {}

  /** The tile if it is there; otherwise it is fetched. */
  get(address: TileAddress): Tile | undefined {
    const path = pathOf(address)
    const tile = this.#tiles.get(path)
    if (tile === undefined) {
      if (!this.#underWay.has(path)) void this.#fetch(path, address)
      return undefined
    }
    this.#tiles.delete(path)
    this.#tiles.set(path, tile)
    return tile
  }

  /** Gives up fetching what is no longer looked at. */
  keepOnly(wanted: ReadonlySet<string>): void {
    for (const [path, controller] of this.#underWay)
      if (!wanted.has(path)) {
        controller.abort()
        this.#underWay.delete(path)
      }
  }

  async #fetch(path: string, { layer }: TileAddress): Promise<void> {
    const controller = new AbortController()
    this.#underWay.set(path, controller)
    try {
      const response = await fetch(path, { signal: controller.signal })
      if (!response.ok) throw new Error(await response.text())
      const values = new CONSTRUCTORS[this.layers[layer]!.tileDtype](await response.arrayBuffer())
      this.#tiles.set(path, { values })
      for (const oldest of this.#tiles.keys()) {
        if (this.#tiles.size <= KEPT) break
        this.#tiles.delete(oldest)
      }
    } catch (error) {
      if (controller.signal.aborted) return
      this.failed((error as Error).message)
    } finally {
      if (this.#underWay.get(path) === controller) this.#underWay.delete(path)
    }
    this.arrived()
  }
}

export const pathOf = ({ layer, level, plane, at, row, column }: TileAddress): string =>
  `tiles/${layer}/${level}/${plane}/${at}/${row}_${column}`
