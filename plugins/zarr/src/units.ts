/** Nanometres of a unit of length, by the names OME-NGFF, N5 and people use. */
const NANOMETRES: Readonly<Record<string, number>> = {
  pm: 1e-3,
  picometer: 1e-3,
  angstrom: 0.1,
  å: 0.1,
  nm: 1,
  nanometer: 1,
  nanometre: 1,
  um: 1e3,
  µm: 1e3,
  μm: 1e3,
  micron: 1e3,
  micrometer: 1e3,
  micrometre: 1e3,
  mm: 1e6,
  millimeter: 1e6,
  millimetre: 1e6,
  cm: 1e7,
  centimeter: 1e7,
  m: 1e9,
  meter: 1e9,
  metre: 1e9,
}

/** Nanometres of a unit; a unit that is not given is a nanometre. Undefined for units that are no known length. */
export const nanometres = (unit: unknown): number | undefined =>
  unit === undefined || unit === null || unit === ''
    ? 1
    : typeof unit === 'string'
      ? NANOMETRES[unit.trim().toLowerCase().replace(/s$/, '')]
      : undefined

/** `8 nm`, `nm`, `0.5 um` in nanometres; undefined for anything else. */
export function parseLength(text: unknown): number | undefined {
  const [, digits, unit] =
    (typeof text === 'string' && /^\s*([\d.]+(?:e[+-]?\d+)?)?\s*(\D*)$/i.exec(text)) || []
  const scale = nanometres(unit)
  if (unit === undefined || scale === undefined) return undefined
  const value = digits === undefined || digits === '' ? 1 : Number(digits)
  return value > 0 && Number.isFinite(value) ? value * scale : undefined
}
