import {
  chunkflowError,
  eachService,
  type Logger,
  type ServiceFamily,
  type ViewerLayer,
  type VolumeFormat,
} from '@chunkflow/sdk'

/** `seg=file:///data/seg`: volumes by name and path, opened. @throws viewer-options */
export async function openVolumes(
  texts: readonly string[],
  formats: ServiceFamily<VolumeFormat>,
  logger: Logger,
): Promise<ViewerLayer[]> {
  const layers: ViewerLayer[] = []
  for (const text of texts) {
    const match = /^([^=[\]]+?)=(.+)$/.exec(text)
    if (match === null)
      throw chunkflowError('viewer-options', `--volume "${text}" is not understood`, {
        fix: 'write a name, = and a path: seg=file:///data/seg',
      })
    layers.push({ name: match[1]!, volume: await openVolume(match[2]!, formats, logger) })
  }
  return layers
}

async function openVolume(path: string, formats: ServiceFamily<VolumeFormat>, logger: Logger) {
  for await (const format of eachService(formats, logger)) {
    const volume = (await format.matches(path)) ? await format.open(path) : null
    if (volume !== null) return volume
  }
  throw chunkflowError('viewer-options', `There is no volume at ${path}`, {
    fix: `check the path; formats: ${formats.keys().join(', ')}`,
  })
}
