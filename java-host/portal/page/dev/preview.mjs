// Serves the built page (dist) with the scripted host and the host's content security policy.
import { startFixture } from "./server.mjs";

const fixture = await startFixture({
  port: Number(process.env.SANCA_FIXTURE_PORT ?? 8398),
  dist: new URL("../dist", import.meta.url).pathname,
});
console.log(fixture.url);
