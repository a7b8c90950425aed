import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is passed on in pieces. */
const LONGEST = 65536

/** Calls `receive` for every line of text, and for what follows the last one. A carriage return overwrites, as on a terminal. */
export function readLines(stream: Readable, receive: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const emit = (line: string): void => {
    const shown = line.replace(/\r+$/, '').split('\r').at(-1)!
    if (shown.trim() !== '') receive(shown)
  }
  stream.on('data', (part: Buffer) => {
    const lines = (rest + decoder.write(part)).split('\n')
    rest = lines.pop()!
    lines.forEach(emit)
    if (rest.length > LONGEST) {
      emit(rest)
      rest = ''
    }
  })
  stream.on('end', () => emit(rest + decoder.end()))
}
