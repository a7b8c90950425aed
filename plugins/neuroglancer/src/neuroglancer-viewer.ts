import type {
  Compute,
  Encoding,
  Files,
  ServiceFamily,
  Viewer,
  ViewerContext,
  ViewerLayer,
  ViewerSettings,
} from '@chunkflow/sdk'
import { readLayers } from './layers/read-layer.js'
import { createBlockCache } from './levels/block-cache.js'
import { createScratch } from './levels/scratch.js'
import { neuroglancerRoutes } from './neuroglancer/routes.js'
import { viewerState } from './neuroglancer/state.js'
import { createLimiter } from './server/limiter.js'
import { openSession, type Session } from './session/session.js'

export interface ViewerServices {
  readonly compute: Compute
  readonly encodings: ServiceFamily<Encoding>
}

/** Blocks that were made are kept up to this; the chunks themselves are not copied. */
export const CACHE_BYTES = 64 * 2 ** 20
/** Blocks made at once: each holds its finer voxels, eight times its own. */
export const BLOCKS_AT_ONCE = 3

export interface NeuroglancerSettings extends ViewerSettings {
  readonly button: string | undefined
  /** A file for the state, with the addresses of this session. */
  readonly share?: string | undefined
  readonly files?: Files
}

/** Serves layers to Neuroglancer. @throws viewer-address, viewer-layer, viewer-options */
export async function openNeuroglancer(
  given: readonly ViewerLayer[],
  settings: NeuroglancerSettings,
  { services, page, context }: { services: ViewerServices; page: URL; context: ViewerContext },
): Promise<Session> {
  const { compute, encodings } = services
  const layers = await readLayers(given, {
    voxelSizeNm: settings.voxelSizeNm,
    cache: createBlockCache(CACHE_BYTES),
    scratch: createScratch(),
    services: { compute },
  })
  const routes = neuroglancerRoutes(layers, { encodings, limiter: createLimiter(BLOCKS_AT_ONCE) })
  const session = await openSession({ ...settings, page: new URL('neuroglancer/', page), routes }, context)
  try {
    if (settings.share !== undefined) {
      const state = `${JSON.stringify(viewerState(layers, session.url), null, 2)}\n`
      await settings.files?.write(settings.share, Buffer.from(state))
    }
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

/** {@link openNeuroglancer} as a VIEWER. */
export function neuroglancerViewer(services: ViewerServices, page: URL): Viewer {
  return {
    async show(layers, settings, context) {
      const session = await openNeuroglancer(
        layers,
        { ...settings, button: 'Finish' },
        { services, page, context },
      )
      try {
        await session.wait()
      } finally {
        await session.close()
      }
    },
  }
}
