const KEPT_LINES = 8
const FRAME = /^\s+File "(.+)", line (\d+) in /

/** What a process wrote to stderr last, in case it ends badly. The dump that Python then makes is kept apart. */
export class LastWords {
  /** Lines of the script and its libraries. */
  readonly lines: string[] = []
  /** `/home/me/my_plugin.py:12`, where Python was when it crashed, in code that is not ours. */
  place: string | undefined
  readonly #ours: string
  #dumping = false

  /** @param ours folder of Python files that are no user's business */
  constructor(ours: string) {
    this.#ours = ours
  }

  /** @returns false when the line is part of a crash's dump */
  add(line: string): boolean {
    this.#dumping ||= line.startsWith('Fatal Python error')
    if (this.#dumping) {
      const [, file, number] = FRAME.exec(line) ?? []
      if (file !== undefined && !file.startsWith(this.#ours)) this.place ??= `${file}:${number}`
      return false
    }
    if (this.lines.push(line) > KEPT_LINES) this.lines.shift()
    return true
  }
}
