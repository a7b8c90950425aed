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
import { createBlockWorkshop } from './levels/block-workshop.js'
import { neuroglancerRoutes } from './neuroglancer/routes.js'
import { viewerState } from './neuroglancer/state.js'
import { openSession, type Session } from './session/session.js'

export interface ViewerServices {
  readonly compute: Compute
  readonly encodings: ServiceFamily<Encoding>
}

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
  const workshop = createBlockWorkshop(compute)
  const layers = await readLayers(given, { ...workshop, voxelSizeNm: settings.voxelSizeNm })
  const routes = neuroglancerRoutes(layers, { ...workshop, encodings })
  const session = await openSession(
    { ...settings, page: new URL('neuroglancer/', page), routes, release: workshop.dispose },
    context,
  )
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
