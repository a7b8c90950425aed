import { createInterface } from 'node:readline/promises'
import { chunkflowError, type PluginSlice } from '@chunkflow/kernel/authoring'

/** Where questions are asked: standard error and input, unless a test says otherwise. */
export interface Dialogue {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

const TERMINAL: Dialogue = { input: process.stdin, output: process.stderr }

/** What a plugin offers and declares, for a person who is about to install it. */
export function describeOffer(slice: PluginSlice, notes: readonly string[]): string {
  const services = slice.services.map(({ token, key }) => (key === undefined ? token : `${token}/${key}`))
  const rows: readonly (readonly [string, string])[] = [
    ['operators', slice.operators.map(({ name }) => name).join(', ')],
    ['services', services.join(', ')],
    ['hooks', slice.hooks.map(({ name }) => name).join(', ')],
    ['declares', slice.permissions.join(', ') || 'no special permissions'],
  ]
  return [
    `${slice.package} ${slice.version}${slice.description === '' ? '' : `: ${slice.description}`}`,
    ...rows.filter(([, text]) => text !== '').map(([head, text]) => `  ${head.padEnd(11)}${text}`),
    ...notes.map((note) => `  ${note}`),
    '  Declarations inform. Nothing is sandboxed: a plugin can do all that you can do.',
  ].join('\n')
}

/**
 * Shows what will be installed and asks, unless the answer was given with `--yes`.
 * @returns false when the person declines
 * @throws plugin-consent-missing without a terminal and without `--yes`
 */
export async function confirm(
  offer: string,
  question: string,
  yes: boolean,
  { input, output }: Dialogue = TERMINAL,
): Promise<boolean> {
  output.write(`${offer}\n`)
  if (yes) return true
  if (!input.isTTY)
    throw chunkflowError('plugin-consent-missing', 'There is no terminal to ask whether to go on', {
      fix: 'nothing was changed; scripts say --yes',
    })
  const lines = createInterface({ input, output })
  try {
    // an input that ends, or Ctrl-C, is a no
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed])
    return /^\s*y(es)?\s*$/i.test(answer)
  } finally {
    lines.close()
  }
}
