import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkflowError, type Files } from '@chunkflow/sdk'

/** Tried in this order when the name has none of them. */
const EXTENSIONS = ['.ts', '.js', '.mjs', '.py'] as const

export interface ScriptFolders {
  /** Plugin files that this package ships. */
  readonly builtIn: URL
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The plugin file of a name or path. A relative one is looked for in the working directory, its folder `plugins`, among the
 * built-in ones, in `$CHUNKFLOW_PLUGIN_DIR`, and in the user's data folder.
 * @throws plugin-file-missing, naming the folders
 */
export async function findScript(name: string, files: Files, folders: ScriptFolders): Promise<string> {
  const absolute = path.isAbsolute(name) || name.startsWith('~')
  const searched = absolute ? [''] : searchFolders(folders)
  const endings = EXTENSIONS.some((extension) => name.endsWith(extension)) ? [''] : EXTENSIONS
  for (const folder of searched)
    for (const ending of endings) {
      const file = files.resolve(absolute ? `${name}${ending}` : path.join(folder, `${name}${ending}`))
      if ((await files.status(file))?.kind === 'file') return file
    }
  const operator = path
    .basename(name)
    .replace(/\.\w+$/, '')
    .replaceAll('_', '-')
  throw chunkflowError(
    'plugin-file-missing',
    `There is no plugin file ${name}${endings.length > 1 ? ` (${endings.join(', ')})` : ''}`,
    {
      ...(absolute ? {} : { where: searched.map((folder) => files.resolve(folder)).join(', ') }),
      fix: `give a path, or put the file into ./plugins; what older releases had as a plugin file is often an operator: chunkflow ${operator} --help`,
    },
  )
}

function searchFolders({ builtIn, environment }: ScriptFolders): readonly string[] {
  const { CHUNKFLOW_DATA_DIR, CHUNKFLOW_PLUGIN_DIR, XDG_DATA_HOME } = environment
  return [
    '.',
    'plugins',
    fileURLToPath(builtIn),
    ...(CHUNKFLOW_PLUGIN_DIR ? [CHUNKFLOW_PLUGIN_DIR] : []),
    path.join(CHUNKFLOW_DATA_DIR || path.join(XDG_DATA_HOME || '~/.local/share', 'chunkflow'), 'plugins'),
  ]
}
