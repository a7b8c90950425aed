import type { Layer } from '../layers/layer.js'
import { json, type Route } from '../server/reply.js'
import { serveAnnotations } from './annotations.js'
import { serveMeshes } from './meshes.js'
import { type PrecomputedServices, servePrecomputed } from './precomputed.js'
import { viewerState } from './state.js'

/** Where the page finds the server in the state it gets; it puts its own address there, which a tunnel may have changed. */
export const PAGE_BASE = 'http://page/'

/** `state.json`, and `layers/N/…` in the formats that Neuroglancer reads. */
export function neuroglancerRoutes(layers: readonly Layer[], services: PrecomputedServices): Route[] {
  const served = layers.map((layer) =>
    layer.kind === 'array'
      ? servePrecomputed(layer, services)
      : layer.kind === 'annotations'
        ? serveAnnotations(layer)
        : serveMeshes(layer),
  )
  return [
    async (request) => {
      if (request.method !== 'GET') return undefined
      if (request.path === 'state.json') return json(viewerState(layers, PAGE_BASE))
      const match = /^layers\/(\d{1,4})\/(.+)$/.exec(request.path)
      return match === null ? undefined : served[Number(match[1])]?.(match[2]!, request)
    },
  ]
}
