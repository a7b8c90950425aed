/** Values that a literal may stand for; a whole number beyond 2^53 is a bigint. */
export type Literal = null | boolean | number | bigint | string | readonly Literal[]

const WORDS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['false', false],
  ['none', null],
  ['null', null],
])
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * The value of a text such as `3`, `0.5`, `(3,1,1)`, `[1, 2]`, `'text'`, `true`, `none`; the text itself when it is none of
 * these. Tuples become lists.
 */
export function readLiteral(text: string): Literal {
  const reader = new LiteralReader(text)
  const value = reader.value()
  return value !== undefined && reader.done ? value : text
}

class LiteralReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text.trim()
  }

  get done(): boolean {
    this.#skipSpace()
    return this.#at === this.#text.length
  }

  /** Undefined where there is no literal. */
  value(): Literal | undefined {
    this.#skipSpace()
    const first = this.#text[this.#at]
    if (first === '(' || first === '[') return this.#list(first === '(' ? ')' : ']')
    if (first === '"' || first === "'") return this.#quoted(first)
    const word = /^[^,()[\]'"\s]+/.exec(this.#text.slice(this.#at))?.[0]
    if (word === undefined) return undefined
    this.#at += word.length
    const known = WORDS.get(word.toLowerCase())
    if (known !== undefined) return known
    if (!NUMBER.test(word)) return undefined
    const number = Number(word)
    return /^[+-]?\d+$/.test(word) && !Number.isSafeInteger(number) ? BigInt(word.replace('+', '')) : number
  }

  #list(close: string): Literal | undefined {
    const opened = this.#at++
    const items: Literal[] = []
    let commas = 0
    while (!this.#take(close)) {
      if (items.length > commas && !this.#take(',')) return undefined
      if (items.length > commas) {
        commas += 1
        continue
      }
      const item = this.value()
      if (item === undefined) return undefined
      items.push(item)
    }
    // (3) is 3, (3,) is a list of one
    const single = this.#text[opened] === '(' && items.length === 1 && commas === 0
    return single ? items[0]! : items
  }

  #quoted(quote: string): string | undefined {
    const end = this.#text.indexOf(quote, this.#at + 1)
    if (end < 0) return undefined
    const inside = this.#text.slice(this.#at + 1, end)
    this.#at = end + 1
    return inside
  }

  #take(character: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }
}
