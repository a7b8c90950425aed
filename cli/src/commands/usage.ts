/** What `--help` says about commands beside chains. */
export const HOST_COMMAND_USAGE: Readonly<Record<string, string>> = Object.freeze({
  plugins: `Usage: chunkflow plugins [--json]
       chunkflow plugins install [--yes] [--registry PLACE]... PACKAGE | TARBALL | FOLDER | --operator NAME ...
       chunkflow plugins update [--yes] [--registry PLACE]... [PACKAGE ...]
       chunkflow plugins uninstall PACKAGE ...
       chunkflow plugins link FOLDER ...
       chunkflow plugins new NAME

Lists plugins: what they offer, and what cannot be used and why.

  install     fetch a plugin, show what it offers and declares, ask, install it; name@1.2.3 stays at that version
  update      fetch newer versions of all plugins that came by name, or of those named
  uninstall   remove plugins and what nothing else needs; ends a link
  link        use a folder as it is, while you work on a plugin
  new         begin a plugin of your own

  -y, --yes             do not ask; scripts need it
  --operator NAME       the plugin that the registries list for this operator
  --registry PLACE      a further registry of plugins, a file or an address, besides those of the configuration
  --json                for programs

Declared permissions inform; nothing is sandboxed. npm's settings, or CHUNKFLOW_NPM_REGISTRY, say which npm registry is asked.`,
  queue: `Usage: chunkflow queue NAME [--json]
       chunkflow queue NAME --retry | --forget [--cause TEXT]

Counts the tasks of a queue and shows those that failed, by cause: which boxes, and how to see one fail here. NAME is an Amazon SQS
queue, or fq://FOLDER. Nothing is changed without --retry or --forget.

  --retry               offer failed tasks to workers again
  --forget              delete them
  --cause TEXT          only those whose reason contains the text
  --json                for programs

EXAMPLES
  $ chunkflow queue my-queue
  $ chunkflow queue fq:///data/tasks --retry --cause 'disk is full'`,
  registry: `Usage: chunkflow registry search [--json] [--registry PLACE]... WORD ...
       chunkflow registry show [--json] [--registry PLACE]... PACKAGE | OPERATOR

Searches operators of plugins that are here and of further registries, shows what a plugin offers and declares.

  --registry PLACE      a further registry of plugins, a file or an address, besides those of the configuration
  --json                for programs`,
  worker: `Usage: chunkflow worker PIPELINE.json [--queue NAME] [--processes N] [OPTIONS]

Runs a pipeline file (--save-pipeline writes one) on the tasks of a queue: an Amazon SQS queue, or fq://FOLDER. The file may begin with
fetch-task; what is said here wins. A task is deleted when its last step is done, whether or not the file says delete-task-in-queue. Ends
when the queue has been empty for a while.

  -q, --queue NAME            where tasks come from (default: what the file says)
  -n, --processes N           workers on this machine (default: 1); one that is killed is started again
  -v, --visibility-timeout S  seconds for which a fetched task is hidden from others
  -r, --retry-times N         how often, in all, an empty queue is asked again
  -l, --log-level, -f, --log-file, -m, --mip, --hook, --quiet, --verbose, --dry-run as before chains

EXAMPLES
  $ chunkflow generate-tasks -v image -c 64 128 128 -q fq://tasks
  $ chunkflow --save-pipeline smooth.json fetch-task -q fq://tasks load-precomputed -v image gaussian-filter save-precomputed -v smooth
  $ chunkflow worker smooth.json --processes 4`,
})

/** @returns exit code */
export function printUsage(command: string): number {
  process.stdout.write(`${HOST_COMMAND_USAGE[command]}\n`)
  return 0
}
