/** Numbers from 0 to below 1, as `Math.random` gives them. */
export type Random = () => number;

/** How one of several candidates is chosen: two at random and the less loaded of them, or one after the other. */
export type Balance = 'p2c' | 'round-robin';

/** How busy an instance is, as seen from here. Shared between pickers, so that it survives changes. */
export interface Load {
  inFlight: number;
}

/** A candidate for a call. */
export interface Candidate {
  readonly load: Load;
}

/**
 * Chooses one of some candidates in constant time. `p2c` draws two by weight and takes the one with fewer requests under
 * way for its weight (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001).
 *
 * @param weights of the items, each above 0
 */
export function createChooser<Item extends Candidate>(
  items: readonly Item[],
  weights: readonly number[],
  balance: Balance,
): (random: Random) => Item {
  const only = items[0] as Item;
  if (items.length === 1) return () => only;
  if (balance === 'round-robin') {
    let turn: number | undefined; // begins anywhere, or each new picker would favour the first one
    return (random) => {
      turn = ((turn ?? Math.floor(random() * items.length)) + 1) % items.length;
      return items[turn] as Item;
    };
  }
  const draw = createWeightedDraw(weights);
  const loads = items.map(({ load }) => load);
  const shares = Float64Array.from(weights);
  return (random) => {
    const first = draw(random);
    const second = draw(random);
    const third = second === first ? (first + 1) % items.length : second;
    // Less under way for its weight, without a division.
    const isLess =
      (loads[third] as Load).inFlight * (shares[first] as number) <
      (loads[first] as Load).inFlight * (shares[third] as number);
    return items[isLess ? third : first] as Item;
  };
}

/** Draws indexes with the given weights in constant time: Vose's alias method (IEEE TSE 17(9), 1991). */
export function createWeightedDraw(weights: readonly number[]): (random: Random) => number {
  const count = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const chance = weights.map((weight) => (weight * count) / total);
  const alias = chance.map((_, index) => index);
  const small = alias.filter((index) => (chance[index] as number) < 1);
  const large = alias.filter((index) => (chance[index] as number) >= 1);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop() as number;
    const more = large[large.length - 1] as number;
    alias[less] = more;
    chance[more] = (chance[more] as number) + (chance[less] as number) - 1;
    if ((chance[more] as number) < 1) small.push(large.pop() as number);
  }
  for (const index of [...small, ...large]) chance[index] = 1; // what rounding left over
  const chances = Float64Array.from(chance);
  const aliases = Uint32Array.from(alias);
  return (random) => {
    const point = random() * count;
    const column = Math.floor(point);
    return point - column < (chances[column] as number) ? column : (aliases[column] as number);
  };
}
