import { type ParseArgsConfig, parseArgs } from 'node:util'
import { chunkflowError, suggest } from '@chunkflow/kernel/authoring'

type Options = NonNullable<ParseArgsConfig['options']>

/** Splits the words of a host command into options, wherever they stand, and the rest. @throws flag-unknown, flag-invalid */
export function readArguments<const O extends Options>(command: string, argv: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`)
    const { code, message } = error as NodeJS.ErrnoException
    const unknown = code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? /'(-[^']*)'/.exec(message)?.[1] : undefined
    if (unknown === undefined)
      throw chunkflowError('flag-invalid', (error as Error).message, { where: command, cause: error })
    const near = suggest(unknown, known)
    throw chunkflowError('flag-unknown', `No such option: ${unknown}`, {
      where: command,
      fix: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `options: ${known.join(', ') || 'none'}`,
      cause: error,
    })
  }
}
