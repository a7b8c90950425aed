// Contrast limited adaptive histogram equalisation of one section of bytes: a table for every tile, and for every voxel
// the four nearest tables, weighted by distance.

const VALUES: u32 = 256

/** The index that a mirror at the first and last of `size` puts in place of one beyond them; the ends are not repeated. */
@inline
function mirrored(index: i32, size: i32): i32 {
  if (size == 1) return 0
  const period = 2 * (size - 1)
  const at = index % period
  return at < size ? at : period - at
}

/** Cuts counts off at the limit and hands the rest out evenly, what is left of it at even distances. */
@inline
function clip(histogram: usize, limit: u32): void {
  let cut: u32 = 0
  for (let value: u32 = 0; value < VALUES; value++) {
    const at = histogram + (<usize>value << 2)
    const count = load<u32>(at)
    if (count > limit) {
      cut += count - limit
      store<u32>(at, limit)
    }
  }
  const each = cut / VALUES
  let rest = cut - each * VALUES
  for (let value: u32 = 0; value < VALUES; value++) {
    const at = histogram + (<usize>value << 2)
    store<u32>(at, load<u32>(at) + each)
  }
  if (rest == 0) return
  const step = max<u32>(VALUES / rest, 1)
  for (let value: u32 = 0; value < VALUES && rest > 0; value += step) {
    const at = histogram + (<usize>value << 2)
    store<u32>(at, load<u32>(at) + 1)
    rest -= 1
  }
}

/** The tables of a row of tiles. */
function makeTables(
  source: usize,
  height: i32,
  width: i32,
  columnMap: usize,
  tileRow: i32,
  tilesX: i32,
  tileHeight: i32,
  tileWidth: i32,
  limit: u32,
  histogram: usize,
  tables: usize,
): void {
  const scale: f32 = <f32>255 / <f32>(tileHeight * tileWidth)
  for (let tile: i32 = 0; tile < tilesX; tile++) {
    memory.fill(histogram, 0, <usize>VALUES << 2)
    const columns = columnMap + (<usize>(tile * tileWidth) << 2)
    for (let row: i32 = tileRow * tileHeight; row < (tileRow + 1) * tileHeight; row++) {
      const from = source + <usize>mirrored(row, height) * <usize>width
      for (let column: i32 = 0; column < tileWidth; column++) {
        const value = load<u8>(from + <usize>load<i32>(columns + (<usize>column << 2)))
        const at = histogram + (<usize>value << 2)
        store<u32>(at, load<u32>(at) + 1)
      }
    }
    if (limit > 0) clip(histogram, limit)
    const table = tables + <usize>tile * <usize>VALUES
    let sum: u32 = 0
    for (let value: u32 = 0; value < VALUES; value++) {
      sum += load<u32>(histogram + (<usize>value << 2))
      store<u8>(table + <usize>value, <u8>min<f32>(nearest<f32>(<f32>sum * scale), 255))
    }
  }
}

/**
 * Equalises `height` rows of `width` bytes.
 * @param limit of the count of a value in a tile; 0 for none
 * @param scratch 4 · tilesX · tileWidth + 16 · width + 1024 + 512 · tilesX bytes
 */
export function clahe(
  source: usize,
  target: usize,
  height: i32,
  width: i32,
  tilesY: i32,
  tilesX: i32,
  tileHeight: i32,
  tileWidth: i32,
  limit: u32,
  scratch: usize,
): void {
  const columnMap = scratch
  const extended = tilesX * tileWidth
  for (let column: i32 = 0; column < extended; column++)
    store<i32>(columnMap + (<usize>column << 2), mirrored(column, width))
  // of each column: the tables of the tiles on its left and right, and their weights
  const weights = columnMap + (<usize>extended << 2)
  const perColumn: f32 = <f32>1 / <f32>tileWidth
  for (let x: i32 = 0; x < width; x++) {
    const position: f32 = <f32>x * perColumn - <f32>0.5
    const left = <i32>floor<f32>(position)
    const right: f32 = position - <f32>left
    const at = weights + (<usize>x << 4)
    store<u32>(at, <u32>max<i32>(left, 0) << 8)
    store<u32>(at + 4, <u32>min<i32>(left + 1, tilesX - 1) << 8)
    store<f32>(at + 8, <f32>1 - right)
    store<f32>(at + 12, right)
  }
  const histogram = weights + (<usize>width << 4)
  let above = histogram + (<usize>VALUES << 2)
  let below = above + <usize>tilesX * <usize>VALUES
  const perRow: f32 = <f32>1 / <f32>tileHeight
  let aboveRow: i32 = -1
  let belowRow: i32 = -1
  for (let y: i32 = 0; y < height; y++) {
    const position: f32 = <f32>y * perRow - <f32>0.5
    const upper = <i32>floor<f32>(position)
    const share: f32 = position - <f32>upper
    const rest: f32 = <f32>1 - share
    const first = max<i32>(upper, 0)
    const second = min<i32>(upper + 1, tilesY - 1)
    if (aboveRow != first) {
      if (belowRow == first) {
        // going down, the lower tables become the upper ones
        const spare = above
        above = below
        below = spare
        belowRow = -1
      } else makeTables(source, height, width, columnMap, first, tilesX, tileHeight, tileWidth, limit, histogram, above)
      aboveRow = first
    }
    if (belowRow != second && second != first) {
      makeTables(source, height, width, columnMap, second, tilesX, tileHeight, tileWidth, limit, histogram, below)
      belowRow = second
    }
    const lower = second == first ? above : below
    const from = source + <usize>y * <usize>width
    const to = target + <usize>y * <usize>width
    for (let x: i32 = 0; x < width; x++) {
      const at = weights + (<usize>x << 4)
      const value = <usize>load<u8>(from + <usize>x)
      const left = <usize>load<u32>(at) + value
      const right = <usize>load<u32>(at + 4) + value
      const leftShare = load<f32>(at + 8)
      const rightShare = load<f32>(at + 12)
      const upperValue: f32 = <f32>load<u8>(above + left) * leftShare + <f32>load<u8>(above + right) * rightShare
      const lowerValue: f32 = <f32>load<u8>(lower + left) * leftShare + <f32>load<u8>(lower + right) * rightShare
      store<u8>(to + <usize>x, <u8>nearest<f32>(upperValue * rest + lowerValue * share))
    }
  }
}
