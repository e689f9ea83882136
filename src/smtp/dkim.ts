/**
 * Mails that are signed (DKIM, RFC 6376), by nodemailer.
 *
 * @module
 */

import { Readable } from "node:stream";
import { wrongType } from "../errors/arguments.ts";
import { checkOneLine, checkParams } from "../requests/parameters.ts";
import type { Content } from "../requests/content.ts";

/** How a mail is signed, so that its recipient can tell that the domain has sent it. */
export interface Dkim {
  /** The domain that signs: `"example.com"`. */
  domainName: string;
  /** The name of the key: `"mail"` means the record `mail._domainkey.example.com`. */
  keySelector: string;
  /** The private key of that record, as PEM. */
  privateKey: string;
}

/** The mail with its signature in front. The signature needs all of it, so it is in memory until it is sent. */
export async function signed<T extends { content: Content }>(
  call: string,
  mail: T,
  dkim: Dkim | undefined,
): Promise<T> {
  if (dkim === undefined) return mail;
  checkParams(call, dkim, ["domainName", "keySelector", "privateKey"]);
  const { domainName, keySelector, privateKey } = dkim;
  checkOneLine(call, "dkim.domainName", domainName);
  checkOneLine(call, "dkim.keySelector", keySelector);
  // Few mails are signed: what it takes is loaded when one is.
  const [{ createPrivateKey }, { default: DKIM }] = await Promise.all([
    import("node:crypto"),
    import("npm:nodemailer@^10.6.0/lib/dkim"),
  ]);
  try {
    createPrivateKey(privateKey);
  } catch {
    // Not shown, nor what is wrong with it.
    const expected = "a private key as PEM";
    throw wrongType(call, "dkim.privateKey", expected, undefined);
  }
  const signer = new DKIM({ domainName, keySelector, privateKey });
  const { content } = mail;
  const chunks = async function* () {
    let failure: unknown;
    const source = async function* () {
      try {
        yield* content.chunks();
      } catch (error) {
        failure = error;
        throw new Error("the content failed");
      }
    };
    const input = Readable.from(source(), { objectMode: false });
    try {
      for await (const chunk of signer.sign(input)) yield chunk as Uint8Array;
    } catch (error) {
      throw failure ?? error;
    } finally {
      input.destroy();
    }
  };
  return { ...mail, content: { chunks } };
}
