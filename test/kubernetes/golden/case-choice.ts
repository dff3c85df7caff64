/** Which golden cases run on real clusters, and why others do not. */

/** Cases that do not suit, each with the reason. */
export const UNSUITED: Readonly<Record<string, string>> = {
  'regions/seventy to thirty between two regions': 'its clusters have other names and regions: see regions.test.ts',
};
