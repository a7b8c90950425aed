import {
  type Compute,
  chunkflowError,
  type Viewer,
  type ViewerContext,
  type ViewerLayer,
  type ViewerSettings,
} from '@chunkflow/sdk'
import type { ArrayLayer } from './layers/layer.js'
import { readLayers } from './layers/read-layer.js'
import { createBlockWorkshop } from './levels/block-workshop.js'
import { openSession, type Session } from './session/session.js'
import { viewRoutes } from './view/routes.js'

export interface SliceViewerSettings extends ViewerSettings {
  readonly button: string | undefined
}

/** Serves layers of voxels to the slice viewer. @throws viewer-address, viewer-layer, viewer-options */
export async function openSliceViewer(
  given: readonly ViewerLayer[],
  settings: SliceViewerSettings,
  { compute, page, context }: { compute: Compute; page: URL; context: ViewerContext },
): Promise<Session> {
  const workshop = createBlockWorkshop(compute)
  const read = await readLayers(given, { ...workshop, voxelSizeNm: settings.voxelSizeNm })
  const layers = read.map((layer): ArrayLayer => {
    if (layer.kind === 'array') return layer
    throw chunkflowError('viewer-layer', `"${layer.name}" has no voxels: the slice viewer cannot show it`, {
      fix: 'use neuroglancer for points, lines and meshes',
    })
  })
  if (layers.length === 0)
    throw chunkflowError('viewer-layer', 'There is nothing to show', { fix: 'name a chunk that is not null' })
  const routes = viewRoutes(layers, workshop.limiter)
  return openSession(
    { ...settings, page: new URL('view/', page), routes, release: workshop.dispose },
    context,
  )
}

/** {@link openSliceViewer} as a VIEWER. */
export function sliceViewer(compute: Compute, page: URL): Viewer {
  return {
    async show(layers, settings, context) {
      const session = await openSliceViewer(
        layers,
        { ...settings, button: 'Finish' },
        { compute, page, context },
      )
      try {
        await session.wait()
      } finally {
        await session.close()
      }
    },
  }
}
