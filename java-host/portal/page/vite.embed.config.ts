// The second build: the custom element <sanca-chat> as one ES file, styles inside, dist/sanca-chat.js.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    chunkSizeWarningLimit: 1500,
    lib: { entry: "src/embed/element.tsx", formats: ["es"], fileName: () => "sanca-chat.js" },
    rollupOptions: { output: { codeSplitting: false } },
  },
});
