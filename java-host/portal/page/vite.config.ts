import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const host = process.env.SANCA_HOST ?? "http://127.0.0.1:8080";
const paths = ["/agui", "/api", "/login", "/logout", "/sign-in", "/actuator", "/v3", "/swagger-ui"];

/** In development the one-file element, which the second build makes, is its source. */
const elementFromSource: Plugin = {
  name: "element-from-source",
  configureServer(server) {
    server.middlewares.use("/sanca-chat.js", (_, response) => {
      response.writeHead(302, { location: "/src/embed/element.tsx" }).end();
    });
  },
};

export default defineConfig({
  base: "./",
  plugins: [react(), elementFromSource],
  server: {
    host: "127.0.0.1",
    port: Number(process.env.SANCA_PAGE_PORT ?? 5173),
    strictPort: true,
    proxy: Object.fromEntries(paths.map((path) => [path, { target: host }])),
  },
  build: {
    target: "es2022",
    sourcemap: false,
    chunkSizeWarningLimit: 900,
    rollupOptions: { input: { index: "index.html", embed: "embed.html" } },
  },
  test: {
    environment: "jsdom",
    setupFiles: ["tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    testTimeout: 30_000,
  },
});
