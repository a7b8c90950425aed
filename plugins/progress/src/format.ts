/** How far something is. */
export interface BarState {
  readonly label: string
  readonly done: number
  /** Undefined when nobody knows how much there is. */
  readonly total: number | undefined
  readonly unit: string | undefined
  readonly elapsedSeconds: number
}

export interface BarStyle {
  /** Columns to fill at most. */
  readonly width: number
  readonly colour: boolean
  /** Block characters instead of `#` and `-`. */
  readonly unicode: boolean
}

/** `4.2 s`, `42 s`, `3:05`, `2:03:05`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const pad = (value: number): string => String(value).padStart(2, '0')
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes}:${pad(whole % 60)}`
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`
}

/** `0.25`, `42`, `9999`, `12.3k`, `4.0M`. */
export function formatCount(value: number): string {
  if (value < 10) return String(Number(value.toFixed(value < 1 ? 2 : 1)))
  if (value < 10_000) return String(Math.round(value))
  const [divisor, letter] = value < 1e6 ? [1e3, 'k'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'G']
  return `${(value / divisor!).toFixed(1)}${letter}`
}

/** Units a second; undefined until something is done. */
const rateOf = ({ done, elapsedSeconds }: BarState): number | undefined =>
  done > 0 && elapsedSeconds > 0 ? done / elapsedSeconds : undefined

/** Seconds to go, at the rate so far. */
function remainingSeconds(state: BarState): number | undefined {
  const rate = rateOf(state)
  return rate === undefined || state.total === undefined
    ? undefined
    : Math.max(0, state.total - state.done) / rate
}

const countOf = ({ done, total, unit }: BarState, separator: string): string =>
  `${formatCount(done)}${total === undefined ? '' : `${separator}${formatCount(total)}`}${unit === undefined ? '' : ` ${unit}`}`

/** A line for a log: `inference: 53 of 126 patches, 4.2 a second, 17 s to go`, or with its whole time at the end. */
export function formatLine(state: BarState, ended: boolean): string {
  const head = `${plainText(state.label)}: ${countOf(state, ' of ')}`
  if (ended) return `${head} in ${formatSeconds(state.elapsedSeconds)}`
  const rate = rateOf(state)
  const left = remainingSeconds(state)
  return [
    head,
    ...(rate === undefined ? [] : [`${formatCount(rate)} a second`]),
    ...(left === undefined ? [] : [`${formatSeconds(left)} to go`]),
  ].join(', ')
}

const NARROWEST_BAR = 8
const WIDEST_BAR = 30

/** A line for a terminal; details are left out from the right until it fits. */
export function formatBar(state: BarState, style: BarStyle): string {
  const { total, elapsedSeconds } = state
  const label = shorten(plainText(state.label), Math.max(10, Math.floor(style.width * 0.4)))
  const rate = rateOf(state)
  const left = remainingSeconds(state)
  const speed = rate === undefined ? [] : [`${formatCount(rate)}/s`]
  if (total === undefined) {
    const counted = state.done > 0 ? [countOf(state, '/'), ...speed] : []
    return shorten([label, ...counted, formatSeconds(elapsedSeconds)].join('  '), style.width)
  }
  const fraction = total > 0 ? Math.min(1, state.done / total) : 1
  const percent = `${String(Math.floor(fraction * 100)).padStart(3)}%`
  const count = countOf(state, '/')
  const time = left === undefined ? [] : [`ETA ${formatSeconds(left)}`]
  for (const details of [
    [percent, count, ...speed, ...time],
    [percent, count, ...time],
    [percent, ...time],
    [percent],
  ]) {
    const taken = [label, ...details].join('  ').length + 2
    const room = Math.min(WIDEST_BAR, style.width - taken)
    if (room >= NARROWEST_BAR) return [label, drawBar(fraction, room, style), ...details].join('  ')
  }
  return shorten([percent.trim(), label].join('  '), style.width)
}

function drawBar(fraction: number, width: number, { colour, unicode }: BarStyle): string {
  const filled = Math.round(fraction * width)
  const [full, empty] = unicode ? ['█', '░'] : ['#', '-']
  const bar = full!.repeat(filled)
  return `${colour ? `\x1b[36m${bar}\x1b[39m` : bar}${empty!.repeat(width - filled)}`
}

/** Without characters that would move the cursor. */
const plainText = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ')

const shorten = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 3))}...`.slice(0, Math.max(0, width))
