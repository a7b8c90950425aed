/** What the first page says about the order of the pages. */
export interface PageOrder {
  /** Slowest first, without rows and columns. */
  readonly axes: readonly { readonly name: string; readonly size: number }[]
  /** The last axis of the pages are samples of a pixel. */
  readonly samplesLast: boolean
}

/**
 * Reads the descriptions that tifffile (JSON with `shape` and `axes`), ImageJ (`ImageJ=...` lines) and OME (XML) leave.
 * Undefined when nothing is said: the pages are sections then.
 */
export function parsePageOrder(descriptions: readonly string[], samples: number): PageOrder | undefined {
  for (const parse of [parseShaped, parseImageJ, parseOme])
    for (const description of descriptions) {
      const order = parse(description, samples)
      if (order !== undefined) return order
    }
  return undefined
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/** https://github.com/cgohlke/tifffile: `{"shape": [2, 5, 9, 14], "axes": "CZYX"}`, older `shape=(5, 9, 14)` */
function parseShaped(description: string, samples: number): PageOrder | undefined {
  const old = /^shape=\(([\d, ]+)\)/.exec(description)
  let found: { shape?: unknown; axes?: unknown } = {}
  if (old !== null)
    found = {
      shape: old[1]!
        .split(',')
        .filter((word) => word.trim() !== '')
        .map(Number),
    }
  else if (description.startsWith('{') && description.includes('"shape"')) {
    try {
      found = JSON.parse(description) as typeof found
    } catch {
      return undefined
    }
  }
  const { shape, axes } = found
  if (!Array.isArray(shape) || shape.length < 2 || !shape.every(isSize)) return undefined
  const names = typeof axes === 'string' && axes.length === shape.length ? [...axes] : undefined
  const samplesLast =
    names === undefined ? samples > 1 && shape.length > 2 && shape.at(-1) === samples : names.at(-1) === 'S'
  const leading = shape.slice(0, samplesLast ? -3 : -2)
  return {
    axes: leading.map((size, index) => ({ name: names?.[index] ?? 'Q', size })),
    samplesLast,
  }
}

/** Lines `name=value`; the letters of `order`, default czt, are the axes of the planes, fastest first. */
function parseImageJ(description: string): PageOrder | undefined {
  if (!/^(ImageJ|SCIFIO)=/.test(description)) return undefined
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(description)?.[1]?.trim()
  const size = (name: string): number => Math.max(1, Number.parseInt(value(name) ?? '', 10) || 1)
  const sizes: Record<string, number> = { C: size('channels'), Z: size('slices'), T: size('frames') }
  if (sizes.C! * sizes.Z! * sizes.T! === 1) sizes.Z = size('images')
  const order = /^[czt]{3}$/.test(value('order') ?? '') ? value('order')! : 'czt'
  return { axes: slowestFirst(order.toUpperCase(), sizes), samplesLast: true }
}

/** https://docs.openmicroscopy.org/ome-model: attributes of the first Pixels element; DimensionOrder is fastest first. */
function parseOme(description: string, samples: number): PageOrder | undefined {
  const pixels = /<(?:\w+:)?Pixels\b[^>]*>/.exec(description)?.[0]
  const order = /DimensionOrder="XY([CZT]{3})"/.exec(pixels ?? '')?.[1]
  if (pixels === undefined || order === undefined) return undefined
  const size = (name: string): number =>
    Math.max(1, Number(new RegExp(`Size${name}="(\\d+)"`).exec(pixels)?.[1] ?? 1))
  const channels = size('C') % samples === 0 ? size('C') / samples : size('C')
  return { axes: slowestFirst(order, { C: channels, Z: size('Z'), T: size('T') }), samplesLast: true }
}

const slowestFirst = (fastestFirst: string, sizes: Readonly<Record<string, number>>) =>
  [...fastestFirst].reverse().map((name) => ({ name, size: sizes[name] ?? 1 }))

/** Where the planes go: sizes of the leading axes of the result, and which plane of the file each one is. */
export interface Arrangement {
  /** `[z]` or `[channel, z]`. */
  readonly sizes: readonly number[]
  /** Index in the file's order by index in the result's. */
  readonly order: readonly number[]
}

/**
 * Channels first, then sections. Axes that are exactly channel and section are kept as they are. Otherwise length-1 axes go; a single
 * one that remains is taken as the sections whatever its name (tifffile calls the pages of an unnamed ImageJ stack channels); of two
 * the one that is not the sections counts as channels. Null when more than two are longer than 1.
 */
export function arrange(axes: PageOrder['axes']): Arrangement | null {
  const count = axes.reduce((product, { size }) => product * size, 1)
  const inFileOrder = Array.from({ length: count }, (_, index) => index)
  if (axes.length === 2 && axes[0]!.name === 'C' && axes[1]!.name === 'Z')
    return { sizes: axes.map(({ size }) => size), order: inFileOrder }
  const long = axes.filter(({ size }) => size > 1)
  if (long.length < 2) return { sizes: [count], order: inFileOrder }
  if (long.length > 2) return null
  const [slow, fast] = long as [PageOrder['axes'][number], PageOrder['axes'][number]]
  if (fast.name !== 'C') return { sizes: [slow.size, fast.size], order: inFileOrder }
  const order = inFileOrder.map((index) => (index % slow.size) * fast.size + Math.floor(index / slow.size))
  return { sizes: [fast.size, slow.size], order }
}
