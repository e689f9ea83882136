/**
 * The names of a served connection.
 *
 * @module
 */

/** The names of a connection's socket and thread. The texts are made only when they are asked for. */
export class ConnectionNames {
  readonly #server: string;
  readonly #number: number;

  /** `number` counts the server's connections, from 1 on. */
  constructor(server: string, number: number) {
    this.#server = server;
    this.#number = number;
  }

  /** The name of the thread. */
  get handler(): string {
    return `${this.#server}:handler_${this.#number}`;
  }

  /** The name of the socket. */
  toString(): string {
    return `${this.#server}:client_${this.#number}`;
  }
}
