import type { Layer } from '../layers/layer.js'
import { json, type Reply, type Route, type ViewerRequest } from '../server/reply.js'
import { serveAnnotations } from './annotations.js'
import { serveMeshes } from './meshes.js'
import { type PrecomputedServices, servePrecomputed } from './precomputed.js'
import { serveSkeletons } from './skeletons.js'
import { viewerState } from './state.js'

/** Where the page finds the server in the state it gets; it puts its own address there, which a tunnel may have changed. */
export const PAGE_BASE = 'http://page/'

type Serve = (path: string, request: ViewerRequest) => Promise<Reply | undefined> | Reply | undefined

/** `state.json`, and `layers/N/…` in the formats that Neuroglancer reads. */
export function neuroglancerRoutes(layers: readonly Layer[], services: PrecomputedServices): Route[] {
  const served = layers.map((layer): Serve => {
    if (layer.kind === 'array') return servePrecomputed(layer, services)
    if (layer.kind === 'annotations') return serveAnnotations(layer)
    return layer.kind === 'meshes' ? serveMeshes(layer) : serveSkeletons(layer)
  })
  return [
    async (request) => {
      if (request.method !== 'GET') return undefined
      if (request.path === 'state.json') return json(viewerState(layers, PAGE_BASE))
      const match = /^layers\/(\d{1,4})\/(.+)$/.exec(request.path)
      return match === null ? undefined : served[Number(match[1])]?.(match[2]!, request)
    },
  ]
}
