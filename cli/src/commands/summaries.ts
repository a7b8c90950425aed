/** One line about each command beside chains, as help lists them. */
export const HOST_COMMAND_SUMMARIES: Readonly<Record<string, string>> = Object.freeze({
  doctor: 'Check this installation, or what a place allows: chunkflow doctor gs://bucket/volume',
  open: 'Look at files and volumes in a browser, without a chain',
  operators: 'List all operators and their flags (--json for programs)',
  plan: 'Check a chain and show what it would do, without running it',
  plugins: 'List, install, link, update, uninstall and begin plugins (--json for programs)',
  queue: 'Count the tasks of a queue, show which failed and why, and offer them again (--retry)',
  registry: 'Search the catalogues of operators, show what a plugin offers (--registry names further ones)',
  run: 'Run a pipeline file',
  types: 'Write TypeScript declarations of installed operators, for programs that use the API (--out FILE)',
  version: 'Print the version',
  worker: 'Run a pipeline file on the tasks of a queue, in one process or several',
})
