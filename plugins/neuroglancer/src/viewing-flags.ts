import { flag } from '@chunkflow/sdk'

/** What both viewers understand. */
export const VIEWING_FLAGS = {
  voxelSize: flag.numbers3({
    char: 'v',
    defaultText: "the chunk's, or 1 1 1",
    exclusiveMinimum: 0,
    summary: 'nm, for all chunks',
  }),
  port: flag.integer({
    char: 'p',
    minimum: 1,
    maximum: 65535,
    defaultText: 'a free one',
    summary: 'to listen on',
  }),
  bind: flag.text({
    default: '127.0.0.1',
    summary: 'address to listen on; 0.0.0.0 for all, and then only to those who know the token',
  }),
  token: flag.text({
    defaultText: 'random beyond loopback, else none',
    summary: 'part of the address without which nothing is answered',
  }),
  open: flag.boolean({ summary: 'open a browser, too' }),
  wait: flag.boolean({ default: true, summary: 'go on only when you have finished; otherwise at once' }),
} as const
