import { testEcho } from "./fixtures/echo_behaviour.ts";

testEcho("echo_dispatcher");
