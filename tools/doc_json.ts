// What `deno doc --json` says about the entry points, as Deno 2.9 writes it:
// only those parts that the lint of the documentation and the test of the
// architecture read.

import config from "../deno.json" with { type: "json" };
import { captureDeno } from "./deno_process.ts";

/** A place in a source file. */
export interface Location {
  /** A `file:` URL. */
  filename: string;
  /** Counted from 0. */
  line: number;
}

/** A tag of a comment: `@param`, `@throws` and the like. */
export interface Tag {
  kind: string;
  name?: string;
  doc?: string;
}

/** The comment of a declaration. */
export interface Comment {
  doc?: string;
  tags?: Tag[];
}

/** A parameter of a function. */
export interface Parameter {
  kind: "identifier" | "rest" | "assign" | "object" | "array";
  name?: string;
  /** Of `rest`. */
  arg?: Parameter;
  /** Of `assign`, a parameter with a default. */
  left?: Parameter;
}

/** A member of a class or an interface. */
export interface Member {
  name: string;
  kind?: string;
  location: Location;
  jsDoc?: Comment;
  accessibility?: "protected" | "private" | null;
  /** Of an interface's method, a constructor and a call signature. */
  params?: Parameter[];
  /** Whether a constructor is more than an overload. */
  hasBody?: boolean;
  /** Of a class's method. */
  functionDef?: { params: Parameter[]; hasBody?: boolean };
}

/** What a declaration consists of, where it is a class, an interface or a function. */
export interface Definition {
  constructors?: Member[];
  properties?: Member[];
  methods?: Member[];
  callSignatures?: Member[];
  /** Of a class: the name of its base. */
  extends?: unknown;
  /** Of a function. */
  params?: Parameter[];
}

/** One declaration of a name. */
export interface Declaration {
  kind: string;
  location: Location;
  declarationKind: "export" | "declare" | "private";
  jsDoc?: Comment;
  def?: Definition;
}

/** A name that a module exports. */
export interface ExportedName {
  name: string;
  declarations: Declaration[];
}

/** The documentation of one module. */
export interface ModuleDoc {
  module_doc?: Comment;
  symbols: ExportedName[];
}

/**
 * The documentation of modules.
 *
 * @param files Paths from the top folder; the entry points unless told otherwise.
 * @returns The documentation of each, by its URL.
 */
export async function readDocs(
  files: string[] = Object.values(config.exports),
): Promise<Record<string, ModuleDoc>> {
  const { success, output } = await captureDeno(
    ["doc", "--quiet", "--json", ...files],
  );
  if (!success) throw new Error(`deno doc --json failed:\n${output}`);
  return JSON.parse(output).nodes;
}
