import { readFileSync } from 'node:fs'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { configurationFolder } from '../discovery/folders.js'
import type { ConfigurationFile } from './schema.js'

/** What the user's and the project's configuration files say together. */
export interface Configuration {
  /** Files that were read, the project's first. */
  readonly files: readonly string[]
  readonly hooks: readonly string[]
  /** Absolute paths and addresses. */
  readonly registries: readonly string[]
  readonly defaults: NonNullable<ConfigurationFile['defaults']>
}

/** In the working folder, and in the user's configuration folder. */
const PROJECT_FILE = 'chunkflow.config.json'
const USER_FILE = 'config.json'

/**
 * Reads `chunkflow.config.json` of the working folder and `config.json` of the user's configuration folder. Lists add up, the
 * project's first; its defaults win. Without files nothing is loaded to check them.
 * @throws configuration-invalid
 */
export async function readConfiguration(): Promise<Configuration> {
  const files = [path.resolve(PROJECT_FILE), path.join(configurationFolder(), USER_FILE)]
  const read = []
  for (const file of files) {
    const value = parse(file)
    if (value === undefined) continue
    const { checkConfiguration } = await import('./schema.js')
    read.push({ file, content: checkConfiguration(value, file) })
  }
  return {
    files: read.map(({ file }) => file),
    hooks: [...new Set(read.flatMap(({ content }) => content.hooks ?? []))],
    registries: [
      ...new Set(
        read.flatMap(({ file, content }) =>
          (content.registries ?? []).map((place) => absolutePlace(place, path.dirname(file))),
        ),
      ),
    ],
    defaults: Object.assign({}, ...read.map(({ content }) => content.defaults ?? {}).reverse()),
  }
}

/** Addresses stay as they are; paths become absolute. */
export const absolutePlace = (place: string, folder: string): string =>
  /^[a-z][a-z0-9+.-]+:\/\//i.test(place) ? place : path.resolve(folder, place)

function parse(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw chunkflowError('configuration-invalid', `Cannot read ${file}: ${(cause as Error).message}`, {
      fix: 'let this user read it, or name another folder with CHUNKFLOW_CONFIG_DIR',
      cause,
    })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw chunkflowError('configuration-invalid', `${file} is not JSON: ${(cause as Error).message}`, {
      fix: 'mend the file, or move it away',
      cause,
    })
  }
}
