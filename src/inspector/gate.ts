/**
 * Which requests are let in: by the name that they ask for, by where they come
 * from, and by the token or the cookie that they bring.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { type InspectorSettings, isLocal, randomText } from "./options.ts";

/** How many browsers have a session at once; the oldest one loses its. */
const MOST_SESSIONS = 64;
/** Seconds that a session lasts. */
const SESSION_TIME = 12 * 60 * 60;

/** A browser that has shown the token. */
export interface Session {
  /** What its requests that change something have to bring in a header. */
  readonly proof: string;
  /** When it ends, in milliseconds of `performance.now()`. */
  readonly end: number;
}

/** Why a request is refused: the code and the text of the answer. */
export interface Refusal {
  readonly code: number;
  readonly why: string;
}

/** The header with the proof that a request was made by the inspector's own page. */
export const PROOF_HEADER = "x-inspector-proof";

/** Lets requests in, or refuses them. */
export class Gate {
  readonly #token: Uint8Array;
  /** What the `Host` header may say. */
  readonly #hosts: ReadonlySet<string>;
  readonly #scheme: "http" | "https";
  readonly #cookie: string;
  /** By the hash of what the cookie holds: how long a look-up takes says nothing of it. */
  readonly #sessions = new Map<string, Session>();

  /** @param port the port that it listens on, not 0 */
  constructor(settings: InspectorSettings, port: number) {
    const { hostname, hosts, token, cert } = settings;
    this.#token = hash(token);
    this.#scheme = cert === undefined ? "http" : "https";
    // Cookies don't tell ports apart: two inspectors on a machine need two names.
    this.#cookie = `copas_inspector_${port}`;
    const names = [...hosts];
    if (isLocal(hostname)) {
      const own = hostname.includes(":") ? `[${hostname}]` : hostname;
      names.push(own, "localhost", "127.0.0.1", "[::1]");
    }
    this.#hosts = new Set(
      names.map((name) => name.toLowerCase()).flatMap((
        name,
      ) => [name, `${name}:${port}`]),
    );
  }

  /**
   * Why `request` is refused, also with the token; nothing when it is not. A page of
   * another site can make a browser send requests here; one whose name is made
   * to mean this machine's address shows that name in `Host`.
   */
  refuse(request: Request): Refusal | undefined {
    const host = request.headers.get("host")?.toLowerCase();
    if (host === undefined || !this.#hosts.has(host)) {
      return { code: 421, why: "The inspector does not serve this host name." };
    }
    const { method, headers } = request;
    const site = headers.get("sec-fetch-site");
    // Following a link to the page is harmless; all else comes from the page.
    const isLink = method === "GET" && headers.get("sec-fetch-dest") ===
        "document" &&
      headers.get("sec-fetch-mode") === "navigate";
    const isForeign = site !== null && site !== "same-origin" &&
      site !== "none";
    const origin = headers.get("origin");
    const isOtherOrigin = origin !== null &&
      !this.#isOwnOrigin(origin.toLowerCase(), host);
    if (isOtherOrigin || (isForeign && !isLink)) {
      return { code: 403, why: "The request comes from another site." };
    }
    if (method === "GET" || method === "HEAD" || method === "POST") return;
    return { code: 405, why: "GET, HEAD and POST are known." };
  }

  /** A proxy in front may speak HTTPS with the browser; never is it the other way round. */
  #isOwnOrigin(origin: string, host: string): boolean {
    return origin === `https://${host}` ||
      (this.#scheme === "http" && origin === `http://${host}`);
  }

  /** Whether `token` is the right one. */
  isToken(token: string): boolean {
    // Of the same length, whatever was sent: the time says nothing.
    return timingSafeEqual(hash(token), this.#token);
  }

  /** The session that the request belongs to. */
  sessionOf(request: Request): Session | undefined {
    const now = performance.now();
    for (const part of (request.headers.get("cookie") ?? "").split(";")) {
      const [name, value = ""] = part.trim().split("=", 2);
      if (name !== this.#cookie) continue;
      const session = this.#sessions.get(keyOf(value));
      if (session !== undefined && now < session.end) return session;
    }
    return undefined;
  }

  /** Whether the request brings the token itself. */
  bringsToken(request: Request): boolean {
    const [scheme, token] = (request.headers.get("authorization") ?? "").split(
      " ",
      2,
    );
    return scheme.toLowerCase() === "bearer" && token !== undefined &&
      this.isToken(token);
  }

  /** Whether a request of the session was made by the inspector's page: it brings what no other page can read. */
  isProven(request: Request, session: Session): boolean {
    const proof = request.headers.get(PROOF_HEADER) ?? "";
    return request.headers.get("origin") !== null &&
      timingSafeEqual(hash(proof), hash(session.proof));
  }

  /** Begins a session: returns the header that sets its cookie. */
  begin(): string {
    const now = performance.now();
    for (const [key, { end }] of this.#sessions) {
      if (end <= now || this.#sessions.size >= MOST_SESSIONS) {
        this.#sessions.delete(key);
      }
    }
    const secret = randomText();
    this.#sessions.set(keyOf(secret), {
      proof: randomText(),
      end: now + SESSION_TIME * 1000,
    });
    return `${this.#cookie}=${secret}; Path=/; Max-Age=${SESSION_TIME}; ` +
      `HttpOnly; SameSite=Strict${this.#scheme === "https" ? "; Secure" : ""}`;
  }
}

function hash(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function keyOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64");
}
