import { freemem } from 'node:os'
import path from 'node:path'
import {
  chunkflowError,
  DTYPES,
  eachService,
  type LayerType,
  type Logger,
  type ServiceFamily,
  withProperties,
} from '@chunkflow/kernel/authoring'
import type { Files, Reader, ViewerLayer, VolumeFormat } from '@chunkflow/sdk'

export interface LayerSettings {
  /** Of container files. */
  readonly dataset: string | undefined
  /** Of files that do not say. */
  readonly layerType: NonNullable<LayerType> | undefined
}

export interface LayerServices {
  readonly files: Files
  readonly readers: ServiceFamily<Reader>
  readonly volumes: ServiceFamily<VolumeFormat>
  readonly logger: Pick<Logger, 'warn'>
}

/**
 * Opens paths for a viewer: files that a reader knows by their names are read, folders of such files as sections, and
 * volumes are opened.
 * @throws open-unknown, open-too-large, and what readers and volumes throw
 */
export async function findLayers(
  paths: readonly string[],
  settings: LayerSettings,
  services: LayerServices,
): Promise<ViewerLayer[]> {
  const layers: ViewerLayer[] = []
  for (const location of paths) {
    const name = freeName(location, layers)
    const reader = await readerFor(location, services)
    if (reader !== undefined) {
      layers.push({ name, value: await readFile(reader, location, settings) })
      continue
    }
    const volume = await openVolume(location, services)
    if (volume === undefined) throw unknownFormat(location, services)
    layers.push({ name, volume })
  }
  return layers
}

/** `data/image.tif` is `image`; the second of that name `image_2`. */
function freeName(location: string, taken: readonly { readonly name: string }[]): string {
  const base = path
    .basename(location.replace(/\/+$/, ''))
    .replace(/\.\w{1,5}$/, '')
    .replace(/[^\w.-]+/g, '_')
  const used = (name: string): boolean => taken.some((layer) => layer.name === name)
  let name = base
  for (let number = 2; used(name); number++) name = `${base}_${number}`
  return name
}

/** By the name of a file, or of the first file in a folder that is no volume. */
async function readerFor(location: string, services: LayerServices): Promise<Reader | undefined> {
  if (/^\w+:\/\//.test(location)) return undefined
  const { files, readers, logger } = services
  const all: Reader[] = []
  for await (const reader of eachService(readers, logger)) all.push(reader)
  const byName = (name: string): Reader | undefined => all.find((reader) => reader.matches(name))
  if ((await files.status(location))?.kind !== 'directory') return byName(location)
  if ((await openVolume(location, services)) !== undefined) return undefined
  for (const name of await files.list(location)) {
    const reader = byName(name)
    if (reader !== undefined) return reader
  }
  return undefined
}

async function openVolume(location: string, { volumes, logger }: LayerServices) {
  for await (const format of eachService(volumes, logger)) {
    const volume = (await format.matches(location)) ? await format.open(location) : null
    if (volume !== null) return volume
  }
  return undefined
}

async function readFile(reader: Reader, location: string, { dataset, layerType }: LayerSettings) {
  const options = dataset === undefined ? {} : { dataset }
  const { shape, dtype } = await reader.probe(location, options)
  const bytes = shape.reduce((product, size) => product * size, DTYPES[dtype].bytes)
  if (bytes > freemem())
    throw chunkflowError(
      'open-too-large',
      `${location} has ${(bytes / 2 ** 30).toFixed(1)} GiB of voxels, but ${(freemem() / 2 ** 30).toFixed(1)} GiB of memory are free`,
      {
        fix: 'make a volume of it (save-precomputed), which is read block by block, or load a part of it in a chain',
      },
    )
  const chunk = await reader.read(location, options)
  return layerType === undefined || chunk.layerTypeDeclared
    ? chunk
    : withProperties(chunk, { layerType, layerTypeDeclared: true })
}

const unknownFormat = (location: string, { readers, volumes }: LayerServices): Error =>
  chunkflowError('open-unknown', `${location} is no volume and no file that can be read`, {
    fix: `check the path; files: ${readers.keys().join(', ')}; volumes: ${volumes.keys().join(', ')}`,
  })
