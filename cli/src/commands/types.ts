import { writeFile } from 'node:fs/promises'
import { chunkflowError } from '@chunkflow/kernel/authoring'
import { pluginTypesSource } from '@chunkflow/sdk/registry'
import { openRegistry } from '../discovery/registry.js'
import { readArguments } from './arguments.js'

/** `chunkflow types [--out FILE]`: TypeScript declarations of installed plugins' operators, for programs that use the API. */
export async function types(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments('types', argv, { out: { type: 'string', short: 'o' } })
  if (positionals.length > 0)
    throw chunkflowError('flag-invalid', `types takes no words, but "${positionals.join(' ')}" was given`, {
      where: 'types',
      fix: 'name the file with --out',
    })
  const { plugins } = await openRegistry()
  const installed = plugins.filter(({ origin }) => origin !== 'first-party').map(({ slice }) => slice)
  const text = pluginTypesSource(installed)
  if (values.out === undefined) {
    process.stdout.write(text)
    return 0
  }
  try {
    await writeFile(values.out, text)
  } catch (cause) {
    throw chunkflowError('flag-invalid', `Cannot write ${values.out}: ${(cause as Error).message}`, {
      where: 'types',
      fix: 'give the path of a file that can be written',
      cause,
    })
  }
  return 0
}
