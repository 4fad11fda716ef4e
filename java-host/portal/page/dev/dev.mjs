// `npm run dev`: the page's development fixture and Vite, on loopback. SANCA_HOST=http://… uses a real host instead.
import { createServer } from "vite";
import { startFixture } from "./server.mjs";

if (!process.env.SANCA_HOST) {
  const fixture = await startFixture({ port: Number(process.env.SANCA_FIXTURE_PORT ?? 8399), pace: 1 });
  process.env.SANCA_HOST = fixture.url;
  console.log(`  scripted host on ${fixture.url}; see dev/README.md for what to type`);
}
const vite = await createServer();
await vite.listen();
vite.printUrls();
