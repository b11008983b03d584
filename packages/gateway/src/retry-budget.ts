/** What a retry costs, against what each request brings: a fifth of all requests may be sent again. */
const SHARE = 0.2;

/** What there is in any case, for a second: else a gateway with little to do could not retry at all. */
const PER_SECOND = 10;

/** The most that can be saved up: a calm hour must not pay for a storm. */
const MAX_BALANCE = 100;

/**
 * How many requests may be sent again although an instance may have got them. Where all instances are in trouble, sending
 * everything again would be what keeps them there. Source: Finagle's RetryBudget, a token bucket of 20 % of the requests
 * and 10 a second; Envoy's budget has the same share.
 */
export class RetryBudget {
  readonly #now: () => number;
  #balance = PER_SECOND;
  #filledAt: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#filledAt = now();
  }

  /** A request begins. */
  onRequest(): void {
    this.#add(SHARE);
  }

  /** Whether a request may be sent again; then that is paid for. */
  spend(): boolean {
    const now = this.#now();
    this.#add(((now - this.#filledAt) / 1000) * PER_SECOND);
    this.#filledAt = now;
    if (this.#balance < 1) return false;
    this.#balance -= 1;
    return true;
  }

  #add(tokens: number): void {
    this.#balance = Math.min(MAX_BALANCE, this.#balance + tokens);
  }
}
