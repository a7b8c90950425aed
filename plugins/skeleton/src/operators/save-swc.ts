import { defineOperator, FILES, flag } from '@chunkflow/sdk'
import { formatSwc } from '../files/swc.js'
import { skeletonsOf } from '../skeletons-of.js'

export default defineOperator({
  name: 'save-swc',
  summary: 'Save skeletons as SWC files, one an object',
  description:
    'Files are called <prefix><id>.swc; a folder that exists needs no slash at its end. Positions and radii are nanometres, x y z.',
  examples: ['create-chunk --dtype uint32 skeletonize save-swc --output-prefix skeleton-'],
  flags: {
    inputName: flag.input({ char: 'i', aliases: ['input'], kind: 'skeletons', default: 'skels' }),
    outputPrefix: flag.text({
      char: 'p',
      default: './',
      summary: 'folder, or beginning of the names of files',
    }),
  },
  services: { files: FILES },
  effects: 'write',
  create({ options, services: { files }, logger }) {
    async function prefix(): Promise<string> {
      const given = options.outputPrefix
      const isFolder = (await files.status(given))?.kind === 'directory'
      return isFolder && !given.endsWith('/') ? `${given}/` : given
    }
    return {
      async run(task, { signal }) {
        const skeletons = skeletonsOf(task, options.inputName)
        const start = await prefix()
        for (const [id, skeleton] of skeletons) {
          signal.throwIfAborted()
          await files.write(`${start}${id}.swc`, Buffer.from(formatSwc(id, skeleton)))
        }
      },
      async dryRun(task) {
        const start = await prefix()
        const names = [...skeletonsOf(task, options.inputName).keys()].map((id) => `${start}${id}.swc`)
        logger.info(`dry run: would write ${names.join(' ') || 'no skeletons'}`)
      },
    }
  },
})
