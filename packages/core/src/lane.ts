declare const laneBrand: unique symbol;

/**
 * The name of a version of the whole system, such as `gray` or `checkout-v2`: 1 to 40 characters of `a-z`, `0-9` and
 * `-`, neither first nor last a `-`. Made only by {@link parseLane}, so a value of this type is safe in any header.
 */
export type Lane = string & { readonly [laneBrand]: true };

/** The lane that always exists: untagged requests are in it. */
export const STABLE: Lane = 'stable' as Lane;

const LANE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

/** The lane that `text` names, or undefined when it is no lane name. */
export function parseLane(text: string | undefined): Lane | undefined {
  return text !== undefined && LANE_NAME.test(text) ? (text as Lane) : undefined;
}
