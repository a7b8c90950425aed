import { homedir } from 'node:os'

/** A path whose leading `~`, alone or before a slash, is the home folder. */
export const expandHome = (file: string): string => file.replace(/^~(?=$|\/)/, homedir)
