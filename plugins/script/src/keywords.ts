import { chunkflowError } from '@chunkflow/sdk'

/** A keyword argument: a text to be read as a literal, or a value as it is. */
export type Keyword =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly value: unknown }

/**
 * Keywords of `--args` and of unknown flags. With `=` in it the text is `key=value;key=value`, values as literals;
 * otherwise, and when it is JSON, it arrives whole as the keyword `args`.
 * @param extra unknown flags as typed, without dashes in front
 * @throws plugin-arguments
 */
export function readKeywords(args: string | undefined, extra: Readonly<Record<string, unknown>>): Keyword[] {
  const keywords: Keyword[] = args === undefined ? [] : readArgs(args)
  for (const [flag, value] of Object.entries(extra)) {
    const name = flag.replaceAll('-', '_')
    keywords.push(typeof value === 'string' ? { name, text: value } : { name, value })
  }
  for (const [index, { name }] of keywords.entries()) {
    if (!/^[A-Za-z_]\w*$/.test(name)) throw refusal(`"${name}" cannot be the name of an argument`)
    if (keywords.findIndex((other) => other.name === name) < index) throw refusal(`"${name}" is given twice`)
  }
  return keywords
}

function readArgs(args: string): Keyword[] {
  if (!args.includes('=') || /^\s*[{[]/.test(args)) return [{ name: 'args', value: args }]
  return splitOutside(args, ';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const equals = part.indexOf('=')
      if (equals < 0) throw refusal(`"${part.trim()}" in --args has no value`)
      return { name: part.slice(0, equals).trim(), text: part.slice(equals + 1).trim() }
    })
}

/** Parts between separators that are not inside quotes. */
function splitOutside(text: string, separator: string): string[] {
  const parts = ['']
  let quote: string | undefined
  for (const character of text) {
    if (quote === undefined && character === separator) {
      parts.push('')
      continue
    }
    if (quote === character) quote = undefined
    else if (
      quote === undefined &&
      (character === '"' || character === "'") &&
      /=\s*$|[,([]\s*$/.test(parts.at(-1)!)
    )
      quote = character
    parts[parts.length - 1] += character
  }
  return parts
}

const refusal = (what: string) =>
  chunkflowError('plugin-arguments', what, {
    fix: 'write --args "size=(3,1,1);mode=reflect", one text without =, or JSON',
  })
