import { chunkflowError, defineSource, flag, STORE } from '@chunkflow/sdk'
import { openMeshFolder, requireFolder } from '../folder/mesh-folder.js'
import { readVolumeInfo } from '../folder/volume-info.js'
import { type NamePart, namePartsOf, writeManifests } from '../manifests.js'

/** Ids that are printed. */
const IDS_SHOWN = 5

export default defineSource({
  name: 'mesh-manifest',
  summary: 'List the mesh fragments of every object, so that viewers find them',
  description: `Run it when mesh has worked on all chunks of a volume. It may be repeated. Objects whose ids begin with --prefix are worked on, so that several
machines can share the work; without it all objects are, those of one prefix after the other.`,
  examples: [],
  flags: {
    prefix: flag.text({ char: 'p', defaultText: 'all', summary: 'what the ids begin with, digits' }),
    disbatch: flag.boolean({ summary: 'the prefix is $DISBATCH_REPEAT_INDEX' }),
    digits: flag.integer({
      char: 'd',
      default: 1,
      minimum: 1,
      maximum: 6,
      summary: 'length of a prefix; shorter ones get zeros before them',
    }),
    volumePath: flag.text({
      char: 'v',
      aliases: ['input-name'],
      charAliases: ['i'],
      required: true,
      summary: 'volume whose info names a mesh folder',
    }),
  },
  services: { store: STORE },
  effects: 'write',
  create: ({ options, services: { store }, globals, logger }) => {
    const parts = chosenParts(options)
    return {
      async *tasks({ signal, progress }) {
        const storage = await store.open(options.volumePath)
        const info = await readVolumeInfo(storage)
        const folder = await openMeshFolder(storage, requireFolder(info.mesh, `${storage.root}/info`))
        if (!globals.dryRun) await folder.writeInfo()
        const bar = progress.start('mesh-manifest', undefined, 'objects')
        let objects = 0
        const overlapping: string[] = []
        try {
          for (const part of parts)
            objects += await writeManifests(folder, part, {
              signal,
              isDry: globals.dryRun,
              onObject: () => bar.advance(),
              onOverlap: (id) => overlapping.push(id),
            })
        } finally {
          bar.end()
        }
        logger.info(
          `${globals.dryRun ? 'dry run: would write' : 'wrote'} ${objects} manifests in ${folder.root}`,
        )
        if (overlapping.length > 0)
          logger.warn(
            `${overlapping.length} objects (${overlapping.slice(0, IDS_SHOWN).join(', ')}${overlapping.length > IDS_SHOWN ? ', …' : ''}) have fragments of overlapping chunks, and their surfaces twice: the volume was meshed with different chunks. Delete ${folder.root} and mesh again`,
          )
        // no task: what follows in the chain has nothing to do
        yield* []
      },
    }
  },
})

/** @throws mesh-prefix-invalid */
function chosenParts(options: {
  readonly prefix: string | undefined
  readonly disbatch: boolean
  readonly digits: number
}): readonly NamePart[] {
  const { disbatch, digits } = options
  const prefix = disbatch ? (process.env.DISBATCH_REPEAT_INDEX ?? '') : options.prefix
  if (prefix !== undefined && !/^\d{1,20}$/.test(prefix))
    throw chunkflowError(
      'mesh-prefix-invalid',
      disbatch
        ? `DISBATCH_REPEAT_INDEX is ${prefix === '' ? 'not set' : `"${prefix}"`}`
        : `--prefix "${prefix}" is not a number`,
      {
        fix: disbatch
          ? 'set it to the first digits of ids, as disBatch does for each task, or give --prefix'
          : 'names of meshes begin with the id of their object: give its first digits',
      },
    )
  return namePartsOf(prefix, digits)
}
