/** Requests for skeletons that are under way at once. */
export const REQUESTS = 16
