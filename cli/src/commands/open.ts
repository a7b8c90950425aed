import {
  chunkflowError,
  type FlagDefinition,
  type FlagOptions,
  flag,
  kebabCase,
  LAYER_TYPES,
  parseOptions,
  type ServiceFamily,
  suggest,
} from '@chunkflow/kernel/authoring'
import { createHost } from '@chunkflow/kernel/host'
import { FILES, READERS, VIEWER, type Viewer, VOLUMES } from '@chunkflow/sdk'
import { scanCommand } from '../chain/scan.js'
import { createLogger } from '../console/logger.js'
import { openRegistry } from '../discovery/registry.js'
import { findLayers, type LayerServices } from '../open/find-layers.js'
import { RunFailure } from '../run/run-failure.js'
import { listenForSignals } from '../run/signals.js'

const FLAGS = {
  with: flag.text({
    char: 'w',
    default: 'neuroglancer',
    summary: 'viewer: neuroglancer, view, or one that a plugin brings',
  }),
  voxelSize: flag.numbers3({
    char: 'v',
    defaultText: "the files' own",
    summary: 'nm, z y x, for all of them',
  }),
  dataset: flag.text({ char: 'd', summary: 'which array of container files such as HDF5' }),
  layerType: flag.text({
    choices: LAYER_TYPES,
    defaultText: 'by their element type',
    summary: 'what files are that do not say',
  }),
  port: flag.integer({
    char: 'p',
    minimum: 1,
    maximum: 65535,
    defaultText: 'a free one',
    summary: 'to listen on',
  }),
  bind: flag.text({ defaultText: 'this machine only', summary: 'address to listen on' }),
  token: flag.text({
    defaultText: 'random beyond this machine',
    summary: 'part of the address without which nothing is answered',
  }),
  open: flag.boolean({ summary: 'open a browser, too' }),
} as const

/** `chunkflow open PATH… [--with view]`: shows files and volumes until the person has finished. */
export async function open(argv: readonly string[]): Promise<number> {
  const { options: raw, rest: paths, help } = scanCommand(argv, { name: 'open', flags: FLAGS })
  if (help) return printHelp()
  const options = parseOptions({ name: 'open', flags: FLAGS }, raw) as FlagOptions<typeof FLAGS>
  if (paths.length === 0)
    throw chunkflowError('flag-missing', 'Which files or volumes?', {
      where: 'open',
      fix: 'chunkflow open image.tif file:///data/segmentation',
    })
  const logger = createLogger({ level: 'info', file: undefined })
  const interrupts = listenForSignals((message) => logger.warn(message))
  const host = createHost(await openRegistry())
  try {
    await host.withServices(logger, async (container) => {
      const { viewers, ...services } = (await container.resolve({
        viewers: VIEWER,
        files: FILES,
        readers: READERS,
        volumes: VOLUMES,
      })) as never as Services
      if (!viewers.has(options.with)) throw unknownViewer(options.with, viewers.keys())
      try {
        const layers = await findLayers(paths, options, { ...services, logger })
        const viewer = await viewers.get(options.with)
        const { voxelSize: voxelSizeNm, ...settings } = options
        await viewer.show(layers, { ...settings, voxelSizeNm }, { ...interrupts, logger })
      } catch (error) {
        throw new RunFailure(error)
      }
    })
    return 0
  } finally {
    interrupts.release()
    await host.dispose()
  }
}

type Services = Omit<LayerServices, 'logger'> & { readonly viewers: ServiceFamily<Viewer> }

function unknownViewer(name: string, known: readonly string[]): Error {
  const near = suggest(name, known)
  return chunkflowError('flag-invalid', `No installed plugin provides a viewer "${name}"`, {
    where: 'open',
    fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `viewers: ${known.join(', ')}`,
  })
}

function printHelp(): number {
  const rows = Object.entries(FLAGS as Record<string, FlagDefinition>).map(([key, definition]) => {
    const { char, summary, default: fallback, defaultText } = definition
    const shown = fallback === undefined || fallback === false ? defaultText : String(fallback)
    return [
      `  ${char === undefined ? '    ' : `-${char}, `}--${kebabCase(key)}`,
      `${summary}${shown === undefined ? '' : ` (default: ${shown})`}`,
    ] as const
  })
  const column = Math.max(...rows.map(([name]) => name.length)) + 2
  process.stdout.write(
    `Look at files and volumes in a browser, without a chain\n\nUsage: chunkflow open PATH... [FLAGS]\n\nFLAGS\n${rows
      .map(([name, text]) => `${name.padEnd(column)}${text}`)
      .join('\n')}\n`,
  )
  return 0
}
