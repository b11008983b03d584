import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openShop } from './walk/shop.ts';
import { foretell, LANES, type LaneName, type Step, topologies } from './walk/topology.ts';

/** Requests by the headers they bring, and the lane that the gateway must put them into. */
const REQUESTS: readonly { readonly headers: Record<string, string>; readonly wanted: LaneName }[] = [
  { headers: {}, wanted: 'stable' },
  { headers: { baggage: 'graylane=gray,a=1', 'x-graylane': 'gray' }, wanted: 'stable' },
  { headers: { 'x-lane': 'stable' }, wanted: 'stable' },
  ...LANES.map((lane) => ({ headers: { 'x-lane': lane }, wanted: lane })),
  { headers: { 'x-lane': 'gray', baggage: 'graylane=blue' }, wanted: 'gray' },
];

it('through any topology a request keeps its lane, and every hop is served as the oracle foretells', async () => {
  const seen = { hits: 0, fallbacks: 0, refusals: 0 };
  await fc.assert(
    fc.asyncProperty(topologies, async (topology) => {
      await using shop = await openShop(topology);
      for (const { headers, wanted } of REQUESTS) {
        const { hops, refused } = await shop.walk(headers);
        const steps = foretell(topology, wanted);
        const expected = {
          hops: steps.flatMap((servedBy: Step, index) =>
            servedBy === undefined ? [] : [{ service: `s${index}`, servedBy, wanted }],
          ),
          refused: steps.includes(undefined) ? 'GL_NO_INSTANCE' : undefined,
        };
        expect({ headers, hops, refused }).toEqual({ headers, ...expected });
        if (wanted === 'stable') expect(hops.filter(({ servedBy }) => servedBy !== 'stable')).toEqual([]);
        seen.hits += hops.filter(({ servedBy }) => servedBy === wanted).length;
        seen.fallbacks += hops.filter(({ servedBy }) => servedBy !== wanted).length;
        seen.refusals += refused === undefined ? 0 : 1;
      }
    }),
    { numRuns: 250 },
  );
  // Otherwise the topologies would be too tame to show anything.
  expect(Math.min(seen.hits, seen.fallbacks, seen.refusals)).toBeGreaterThan(20);
});
