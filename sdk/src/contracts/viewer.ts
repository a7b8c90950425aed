import { keyedToken, type RunContext, type Zyx } from '@chunkflow/kernel/authoring'
import type { Volume } from './volumes.js'

interface NamedLayer {
  readonly name: string
  /** As written in brackets behind the name: `prob[color=red]`. */
  readonly options?: Readonly<Record<string, string>>
}

/**
 * Something to show: what a variable of a task holds (a chunk; points, synapses, skeletons, meshes if the viewer knows
 * them), or an open volume, whose voxels are read when somebody looks at them.
 */
export type ViewerLayer = NamedLayer & ({ readonly value: unknown } | { readonly volume: Volume })

export interface ViewerSettings {
  /** nm, z y x: replaces that of all chunks. */
  readonly voxelSizeNm?: Zyx | undefined
  /** Any free one unless given. */
  readonly port?: number | undefined
  /** Address to listen on; loopback unless given. */
  readonly bind?: string | undefined
  /** Part of the address without which nothing is answered. */
  readonly token?: string | undefined
  /** Also open the person's browser. */
  readonly open?: boolean | undefined
}

/** The run, or the command, that shows something. */
export type ViewerContext = Pick<RunContext, 'signal' | 'logger' | 'onInterrupt'>

/** Shows layers to a person. Providers are keyed by the name after `chunkflow open --with`. */
export interface Viewer {
  /**
   * Says where to look, and comes back when the person has finished; nothing of it runs on.
   * @throws when a layer cannot be shown, before anything is
   */
  show(layers: readonly ViewerLayer[], settings: ViewerSettings, context: ViewerContext): Promise<void>
}

export const VIEWER = keyedToken<Viewer>('chunkflow.viewer')
