import type { OutputStream } from '../terminal-bars.js'

/** Escape sequences, else single characters. */
const PARTS = /(?!\s)\p{Cc}\[(\d*)([A-Za-z])|[\s\S]/gu

/** What a terminal would show: enough of one to follow carriage returns, line ends, moving up and erasing. */
export class Screen implements OutputStream {
  readonly lines: string[] = ['']
  /** Longest line ever drawn. */
  widest = 0
  writes = 0
  #row = 0
  #column = 0

  write(text: string | Uint8Array): boolean {
    this.writes += 1
    for (const [part, move, letter] of Buffer.from(text).toString().matchAll(PARTS))
      if (letter !== undefined) this.#control(letter, move === '' ? 1 : Number(move))
      else if (part === '\r') this.#column = 0
      else if (part === '\n') {
        this.#row += 1
        this.#column = 0
        if (this.#row === this.lines.length) this.lines.push('')
      } else this.#put(part)
    return true
  }

  /** Lines without the empty ones at the end. */
  get shown(): string[] {
    return this.lines.join('\n').trimEnd().split('\n')
  }

  #put(character: string): void {
    const line = this.lines[this.#row]!.padEnd(this.#column)
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
    this.#column += 1
    this.widest = Math.max(this.widest, this.#column)
  }

  #control(letter: string, amount: number): void {
    if (letter === 'A') this.#row = Math.max(0, this.#row - amount)
    if (letter === 'K' || letter === 'J')
      this.lines[this.#row] = this.lines[this.#row]!.slice(0, this.#column)
    if (letter === 'J') this.lines.length = this.#row + 1
  }
}
