import { chunkflowError, defineSource, FILES, flag } from '@chunkflow/sdk'

export default defineSource({
  name: 'cleanup',
  summary: 'Delete mark files, or files left behind, in a folder',
  description:
    'Looks at the files directly in the folder, not below. At least one of --dir, --mode and --suffix must be given: without any it would empty the working directory.',
  examples: ['cleanup --dir . --mode empty --suffix .done'],
  flags: {
    dir: flag.text({ char: 'd', defaultText: 'the working directory', summary: 'folder' }),
    mode: flag.text({
      char: 'm',
      choices: ['exist', 'empty', 'not-empty'],
      defaultText: 'exist',
      summary: 'which files to delete',
    }),
    suffix: flag.text({ char: 's', summary: 'only names ending so' }),
  },
  effects: 'write',
  services: { files: FILES },
  create({ options, services: { files }, globals, logger }) {
    const { dir, mode, suffix } = options
    if (dir === undefined && mode === undefined && suffix === undefined)
      throw chunkflowError(
        'flag-missing',
        'cleanup without options would delete every file of the working directory',
        { fix: 'say which: --dir, --mode or --suffix' },
      )
    return {
      async *tasks() {
        const folder = dir ?? '.'
        let remaining = 0
        for (const name of await files.list(folder)) {
          const path = `${folder.replace(/\/$/, '')}/${name}`
          const status = await files.status(path)
          const matches =
            status?.kind === 'file' &&
            (suffix === undefined || name.endsWith(suffix)) &&
            (mode === undefined || mode === 'exist' || (status.bytes === 0) === (mode === 'empty'))
          if (!matches) remaining += 1
          else if (globals.dryRun) logger.info(`dry run: would delete ${path}`)
          else await files.remove(path)
        }
        logger.result(`${remaining} entries remain in ${folder}`)
        // no task: what follows in the chain has nothing to do
        yield* []
      },
    }
  },
})
