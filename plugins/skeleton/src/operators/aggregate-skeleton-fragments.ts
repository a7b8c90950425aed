import {
  chunkflowError,
  defineOperator,
  flag,
  forEachParallel,
  type Skeleton,
  STORE,
  type Task,
} from '@chunkflow/sdk'
import { openSkeletonFolder, type SkeletonFolder } from '../files/skeleton-folder.js'
import { mergeFragments } from '../graph/merge.js'
import { tidy } from '../graph/tidy.js'
import { REQUESTS } from '../requests.js'

/** `<id>:<box>` */
const FRAGMENT = /^(\d+):/
/** Objects whose fragments are in memory at once. */
const OBJECTS_AT_ONCE = 8

export default defineOperator({
  name: 'aggregate-skeleton-fragments',
  summary: 'Join the skeleton fragments of objects whose ids begin with a prefix',
  description:
    'Fragments <id>:<box>, as skeletonize stores them, become one skeleton <id>: vertices at the same place are one, small parts and short side branches go. Prefixes share the work among tasks: 0 to 9, say, or 10 to 99 and single digits with a colon (7:).',
  examples: [
    'create-chunk --dtype uint32 skeletonize --voxel-size 40 40 40 --output-path file://fragments aggregate-skeleton-fragments -f file://fragments -o file://skeletons --prefix ""',
  ],
  flags: {
    inputName: flag.input({
      char: 'i',
      aliases: ['input'],
      kind: ['text', 'json', 'any'],
      default: 'prefix',
      optionalDefault: true,
    }),
    prefix: flag.text({
      char: 'p',
      summary: 'beginning of the ids; the work is done once, whatever the tasks',
    }),
    fragmentsPath: flag.text({ char: 'f', required: true, summary: 'folder or bucket path of fragments' }),
    outputPath: flag.text({
      char: 'o',
      defaultText: 'that of the fragments',
      summary: 'folder or bucket path of skeletons',
    }),
    compression: flag.text({ choices: ['gzip', 'none'], default: 'gzip', summary: 'of stored skeletons' }),
    dustThreshold: flag.number({ default: 1000, minimum: 0, summary: 'remove parts with less cable, nm' }),
    tickThreshold: flag.number({ default: 3500, minimum: 0, summary: 'remove shorter side branches, nm' }),
  },
  services: { store: STORE },
  effects: 'write',
  timed: true,
  create({ options, services: { store }, logger }) {
    let done = false

    /** The names of the fragments of each object, by its id. */
    async function fragmentsOf(folder: SkeletonFolder, prefix: string, signal: AbortSignal) {
      const fragments = new Map<string, string[]>()
      for await (const name of folder.names(prefix, signal)) {
        const id = FRAGMENT.exec(name)?.[1]
        if (id === undefined) continue
        const names = fragments.get(id)
        if (names === undefined) fragments.set(id, [name])
        else names.push(name)
      }
      return fragments
    }

    async function join(
      folder: SkeletonFolder,
      names: readonly string[],
      signal: AbortSignal,
    ): Promise<Skeleton> {
      // in the order of names: the same result whatever the order of the listing
      const ordered = [...names].sort()
      const found = new Map<string, Skeleton>()
      await forEachParallel(ordered, REQUESTS, signal, async (name) => {
        const fragment = await folder.read(name, signal)
        if (fragment !== null) found.set(name, fragment)
      })
      const fragments = ordered.flatMap((name) => found.get(name) ?? [])
      return tidy(mergeFragments(fragments), {
        dustNm: options.dustThreshold,
        tickNm: options.tickThreshold,
      })
    }

    function prefixOf(task: Task): string {
      const value = options.prefix ?? (task.has(options.inputName) ? task.get(options.inputName) : undefined)
      if (value === undefined)
        throw chunkflowError('skeleton-options', 'There is no prefix of ids', {
          fix: 'give --prefix 1, or --prefix "" for all objects',
        })
      const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value
      if (typeof text !== 'string' || !/^(\d*:?|\d+:.*)$/.test(text))
        throw chunkflowError(
          'skeleton-options',
          `The prefix "${String(value)}" is not the beginning of an id`,
          {
            fix: 'give --prefix with digits, or a variable that holds them',
          },
        )
      return text
    }

    return {
      async run(task, { signal, progress }) {
        if (options.prefix !== undefined && done) return
        const prefix = prefixOf(task)
        const from = await openSkeletonFolder(store, options.fragmentsPath)
        const to = await openSkeletonFolder(
          store,
          options.outputPath ?? options.fragmentsPath,
          options.compression,
        )
        const fragments = await fragmentsOf(from, prefix, signal)
        if (fragments.size > 0) await to.prepare(signal)
        const bar = progress.start('joining skeletons', fragments.size, 'objects')
        let written = 0
        try {
          await forEachParallel([...fragments.keys()].sort(), OBJECTS_AT_ONCE, signal, async (id) => {
            const skeleton = await join(from, fragments.get(id)!, signal)
            if (skeleton.vertices.shape[0] === 0) await to.remove(id, signal)
            else {
              await to.write(id, skeleton, signal)
              written++
            }
            bar.advance(1)
          })
        } finally {
          bar.end()
        }
        logger.info(`${to.root}: ${written} skeletons with the prefix "${prefix}"`)
        done = true
      },
      async dryRun(task, { signal }) {
        const prefix = prefixOf(task)
        const from = await openSkeletonFolder(store, options.fragmentsPath)
        const { size } = await fragmentsOf(from, prefix, signal)
        const target = options.outputPath ?? options.fragmentsPath
        logger.info(`dry run: would write ${size} skeletons with the prefix "${prefix}" to ${target}`)
      },
    }
  },
})
