/**
 * What the clients of the case `requests` ask: a short answer, by http or https.
 * Argument: the certificate and the key, as JSON, for https.
 *
 * @module
 */

const certified = Deno.args[0] === undefined ? {} : JSON.parse(Deno.args[0]);
const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
const server = Deno.serve(
  { ...options, ...certified },
  () => new Response("hello world"),
);
console.log((server.addr as Deno.Addr as Deno.NetAddr).port);
