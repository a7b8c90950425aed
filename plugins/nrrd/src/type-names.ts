import { chunkflowError, type Dtype } from '@chunkflow/sdk'

/** All spellings of the format, in lower case. */
const NAMES: Readonly<Partial<Record<Dtype, readonly string[]>>> = {
  int8: ['signed char', 'int8', 'int8_t'],
  uint8: ['uchar', 'unsigned char', 'uint8', 'uint8_t'],
  int16: ['short', 'short int', 'signed short', 'signed short int', 'int16', 'int16_t'],
  uint16: ['ushort', 'unsigned short', 'unsigned short int', 'uint16', 'uint16_t'],
  int32: ['int', 'signed int', 'int32', 'int32_t'],
  uint32: ['uint', 'unsigned int', 'uint32', 'uint32_t'],
  int64: [
    'longlong',
    'long long',
    'long long int',
    'signed long long',
    'signed long long int',
    'int64',
    'int64_t',
  ],
  uint64: ['ulonglong', 'unsigned long long', 'unsigned long long int', 'uint64', 'uint64_t'],
  float32: ['float'],
  float64: ['double'],
}

/** @throws nrrd-unreadable for `block` and what is no type */
export function dtypeOfName(name: string, path: string): Dtype {
  const wanted = name.toLowerCase().trim().replace(/\s+/g, ' ')
  for (const [dtype, names] of Object.entries(NAMES)) if (names.includes(wanted)) return dtype as Dtype
  throw chunkflowError(
    'nrrd-unreadable',
    `${path} holds elements of the type ${name}, which are not numbers that can be loaded`,
    {
      fix: 'convert it to one of the number types: unu convert -t float',
    },
  )
}

/** How this plugin, ITK and pynrrd write a type; undefined for types the format does not have. */
export const nameOfDtype = (dtype: Dtype): string | undefined =>
  dtype === 'float32' ? 'float' : dtype === 'float64' ? 'double' : dtype in NAMES ? dtype : undefined
