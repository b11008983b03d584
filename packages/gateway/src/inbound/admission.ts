import type { Socket } from 'node:net';
import { REFUSALS, type Refusal } from './refusal.ts';

/** How many connections a listener holds. */
export interface ConnectionLimits {
  /** In all. Default 10,000. */
  readonly connections: number;
  /** From one address. Default as many as in all: in front of a gateway there is often one load balancer. */
  readonly connectionsPerAddress: number;
}

/** Counts the connections of a listener. */
export class Admission {
  readonly #limits: ConnectionLimits;
  readonly #perAddress = new Map<string, number>();
  #count = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Counts a connection from an address until it closes; a reason instead means that it must not be. */
  enter(socket: Socket, address: string): Refusal | undefined {
    const here = this.#perAddress.get(address) ?? 0;
    if (this.#count >= this.#limits.connections) return REFUSALS.full;
    if (here >= this.#limits.connectionsPerAddress) return REFUSALS.addressFull;
    this.#count++;
    this.#perAddress.set(address, here + 1);
    socket.once('close', () => this.#leave(address));
    return undefined;
  }

  #leave(address: string): void {
    this.#count--;
    const here = (this.#perAddress.get(address) ?? 1) - 1;
    if (here === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, here);
  }
}
