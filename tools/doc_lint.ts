// Lints the documentation of the entry points, as `deno doc --json` shows it.
//
// Every declaration and member has a description, every parameter a `@param`,
// every function and method a `@throws` unless it is known not to fail; no text
// sends the reader elsewhere or hides who acts. `deno doc --lint` proves that
// types are named and exported; this proves that the text is there.

import { root } from "./deno_process.ts";
import {
  type Comment,
  type Declaration,
  type Location,
  type Member,
  type ModuleDoc,
  type Parameter,
  readDocs,
} from "./doc_json.ts";

/** Something that the documentation lacks. */
export interface Finding {
  /** A path from the top folder. */
  file: string;
  /** Counted from 1. */
  line: number;
  /** What is wrong with which name. */
  message: string;
}

/** Words that hide who acts. */
const hiddenActors =
  /\b(?:some(?:body|one)|nobody|no one|every(?:body|one)|any(?:body|one)|whoever)\b/i;
const elsewhere = /\bsee there\b/i;

/**
 * Functions and methods that can't fail, by `Class.member`, with the reason.
 * `*` stands for every class.
 */
const infallible: Record<string, string> = {
  "*.toString": "describes the object as it is",
  "*.finished": "counts what there is to do",
  "*.metrics": "reads what was counted",
  "*.exit": "sets a flag",
  "*.exiting": "reads a flag",
  "*.gettime": "reads the system's clock",
  "*.getcount": "reads a number",
  "*.getwait": "reads a number",
  "*.getsize": "reads a number",
  "*.getworkers": "copies a list",
  "*.currentthread": "reads a field",
  "*.status": "counts threads and waits",
  "*.cancelall": "cancelled waits report their own errors",
  "*.netaccess": "copies what was recorded",
  "Inspector.close": "it may be closed twice",
  "StreamSocket.abort": "drops what is left, and may be called twice",
  "*.try": "gives the error of the thread as a value",
  "*.getstats": "reads counters",
  "Lent.release": "gives back once, and may be called twice",
  "Lent.[Symbol.dispose]": "closes at once, and may be called twice",
  "Subscription.close": "may be called twice",
  "Lease.release": "what can't be given back lapses",
  "ClusterQueue.stop": "sets a flag",
  "conformance": "makes a list",
  "Pool.destroy": "closes at once, and may be called twice",
  "Pool.[Symbol.dispose]": "closes at once, and may be called twice",
  "SystemdListener.close": "may be called twice",
  "SystemdListener.[Symbol.dispose]": "may be called twice",
  "SystemdListener.ref": "sets a flag",
  "SystemdListener.unref": "sets a flag",
  "*.now": "reads a clock",
  "*.alarm": "sets a timer",
  "*.settle": "moves entries of a heap",
  "*.gettraceback": "describes any value",
  "*.[Symbol.asyncIterator]": "makes an iterator, and next() fails",
  "*.[Symbol.asyncDispose]": "errors are told by the method that ends it",
  "*.toJSON": "describes the object as it is",
  "Server.connections": "copies a list",
  "Server.pause": "sets a flag",
  "Server.resume": "sets a flag",
  "Server.close": "a server may be closed twice",
  "ServerConnection.abort": "drops what is left, and may be called twice",
  "DatagramServerHandle.close": "a server may be closed twice",
  "DatagramSocket.close": "a socket may be closed twice",
  "SocketMaker.udp": "opens nothing yet",
  "Workers.stop": "workers that do not end are terminated",
  "OpenFtp.close": "a server that says nothing is not waited for",
  "OpenSmtp.close": "a server that says nothing is not waited for",
  "DatagramSocket.[Symbol.dispose]": "a socket may be closed twice",
  "StreamSocket.[Symbol.dispose]": "a socket may be closed twice",
  "Timer.[Symbol.dispose]": "a timer that is not armed stays so",
  "Future.then": "passes the outcome on to the promise that it gives",
  "httpFor": "binds functions to a dispatcher",
  "ftpFor": "binds functions to a dispatcher",
  "smtpFor": "binds functions to a dispatcher",
  "getSetCookie": "copies a list",
  "Http.close": "a connection may be closed twice",
  "Http.[Symbol.dispose]": "a connection may be closed twice",
  "Debug.stop": "takes the logger away",
  "Timer.cancel": "a timer that is not armed stays so",
  "Future.cancel": "a future that has ended stays so",
  "ResolvableFuture.resolve": "a future that has an outcome keeps it",
  "ResolvableFuture.reject": "a future that has an outcome keeps it",
  "ResolvableFuture.cancel": "a future that has an outcome keeps it",
  "ResolvableFuture.then": "passes the outcome on to the promise that it gives",
  "FutureMaker.new": "makes a future that is pending",
};

/**
 * Lints documentation.
 *
 * @param docs The documentation of modules, by their URLs.
 * @returns What it lacks, each once, in the order of files and lines.
 */
export function lintDocs(docs: Record<string, ModuleDoc>): Finding[] {
  const findings = new Map<string, Finding>();
  const report = (location: Location, message: string): void => {
    const file = location.filename.replace(root.href, "");
    const line = location.line + 1;
    findings.set(`${file}:${line}: ${message}`, { file, line, message });
  };
  for (const [filename, { module_doc, symbols }] of Object.entries(docs)) {
    lintText(module_doc, "the module", { filename, line: 0 }, report);
    for (const { name, declarations } of symbols) {
      for (const each of declarations) lintDeclaration(name, each, report);
    }
  }
  return [...findings.values()].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line
  );
}

type Report = (location: Location, message: string) => void;

function lintDeclaration(
  name: string,
  { kind, location, jsDoc, def = {} }: Declaration,
  report: Report,
): void {
  // An export of something that is documented where it is declared.
  if (kind === "reference") return;
  lintText(jsDoc, name, location, report);
  if (kind === "function") {
    lintParameters(def.params ?? [], jsDoc, name, location, report);
    lintThrows(jsDoc, "", name, location, report);
  }
  for (const member of withoutImplementations(def.constructors ?? [])) {
    lintMember(name, member, report);
  }
  const methods = withoutImplementations(def.methods ?? []);
  for (const member of [...def.properties ?? [], ...methods]) {
    lintMember(name, member, report);
    const isAccessor = member.kind === "getter" || member.kind === "setter";
    const isMethod = member.functionDef !== undefined ||
      member.params !== undefined;
    if (isMethod && !isAccessor) {
      const title = `${name}.${member.name}`;
      lintThrows(member.jsDoc, name, title, member.location, report);
    }
  }
}

/** Leaves out the implementations of overloads: the pages of `deno doc` show only the overloads. */
function withoutImplementations(members: Member[]): Member[] {
  const hasBody = (member: Member): boolean =>
    member.hasBody ?? member.functionDef?.hasBody ?? false;
  const overloaded = new Set(
    members.filter((member) => !hasBody(member))
      .map(({ name }) => name),
  );
  return members.filter((member) =>
    !hasBody(member) || !overloaded.has(member.name)
  );
}

function lintMember(owner: string, member: Member, report: Report): void {
  const title = `${owner}.${member.name}`;
  // The getter beside a setter describes both.
  if (member.kind === "setter") return;
  lintText(member.jsDoc, title, member.location, report);
  const params = member.functionDef?.params ?? member.params ?? [];
  lintParameters(params, member.jsDoc, title, member.location, report);
}

function lintText(
  comment: Comment | undefined,
  title: string,
  location: Location,
  report: Report,
): void {
  if (!comment?.doc?.trim()) report(location, `${title} has no description`);
  const tags = comment?.tags ?? [];
  for (const { kind, name, doc } of tags) {
    const tag = ["@" + kind, name].filter(Boolean).join(" ");
    const speaks = ["param", "return", "throws"].includes(kind);
    if (speaks && !doc?.trim()) {
      report(location, `${title}: ${tag} has no text`);
    }
  }
  for (const text of [comment?.doc, ...tags.map(({ doc }) => doc)]) {
    const word = hiddenActors.exec(text ?? "") ?? elsewhere.exec(text ?? "");
    if (word) report(location, `${title} says "${word[0]}"`);
  }
}

function lintParameters(
  params: Parameter[],
  comment: Comment | undefined,
  title: string,
  location: Location,
  report: Report,
): void {
  const told = new Set(
    (comment?.tags ?? []).filter(({ kind }) => kind === "param")
      .map(({ name }) => name),
  );
  for (const name of params.map(nameOf)) {
    // TypeScript's own pseudo-parameter is given by the call itself.
    if (name === "this" || told.delete(name)) continue;
    report(location, `${title} has no @param ${name ?? "for a pattern"}`);
  }
  for (const name of told) {
    report(location, `${title} has a @param ${name} and no such parameter`);
  }
}

/** The name of a parameter; of one that is taken apart there is none. */
function nameOf(parameter: Parameter): string | undefined {
  return parameter.name ??
    (parameter.left ? nameOf(parameter.left) : undefined) ??
    (parameter.arg ? nameOf(parameter.arg) : undefined);
}

function lintThrows(
  comment: Comment | undefined,
  owner: string,
  title: string,
  location: Location,
  report: Report,
): void {
  if (comment?.tags?.some(({ kind }) => kind === "throws")) return;
  const member = title.slice(owner === "" ? 0 : owner.length + 1);
  if (title in infallible || `*.${member}` in infallible) return;
  report(location, `${title} has no @throws`);
}

if (import.meta.main) {
  const findings = lintDocs(await readDocs());
  for (const { file, line, message } of findings) {
    console.log(`${file}:${line}: ${message}`);
  }
  Deno.exit(findings.length === 0 ? 0 : 1);
}
